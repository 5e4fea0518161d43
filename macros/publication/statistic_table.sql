{# Rate per N: `numerator` for every `per` of `denominator`, from whole sums, so that a rerun gives the same bytes whatever the threads.
   Arguments: numerator, denominator (SQL bigint), per (100: percent, 1000: per thousand, 1: mean). Returns: double expression, not rounded; null
   when the denominator is 0. Cards: patients / (beneficiaries / 100), examinations / (beneficiaries / 1.000). #}
{% macro rate_per(numerator, denominator, per) -%}
    cast({{ numerator }} as double) * {{ per }} / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# The numbers of a cell as a statistic publishes them; a number that is suppressed is null.
   Argument: statistic (a declaration). Returns: SQL of four columns, of a relation with the columns that cells_of_statistic names: numerator and denominator
   (bigint), value (double, not rounded), status ('published', 'small_cell', 'empty': not applicable, the denominator is 0). #}
{% macro published_numbers(statistic) -%}
    {%- set cells = cells_of_statistic(statistic) -%}
    {%- set is_count = statistic.per is none -%}
    {%- set is_suppressed = cells.suppressed if is_count else '(' ~ cells.suppressed ~ ' or is_denominator_suppressed)' -%}
    case when not {{ is_suppressed }} then {{ cells.numerator }} end as numerator,
    case when not is_denominator_suppressed then {{ cells.denominator }} end as denominator,
    case
        when not {{ is_suppressed }}
            then {{ 'cast(' ~ cells.numerator ~ ' as double)' if is_count else rate_per(cells.numerator, cells.denominator, statistic.per) }}
    end as value,
    case
        when {{ is_suppressed }} then 'small_cell'
        {{ '' if is_count else 'when ' ~ cells.denominator ~ " = 0 then 'empty'" }}
        else 'published'
    end as status
{%- endmacro %}

{# The published table of one cube or stat, from the suppressed cells of its family. The call is the declaration of the statistic: dbt keeps it in
   `meta.statistic` of the model, and the tables of the cards read it from there (macros/cards.sql).
   Arguments: those of statistic_declaration.
   Returns: a query with the contract of the published tables: reference_year, geo_level, geo_code, the filters, numerator and denominator (bigint),
   value (double, not rounded), lower_95 and upper_95 (double: 95 % confidence limits of the value, null unless published, docs/methods/comparison.md), status
   ('published', 'small_cell', 'empty'). One row a year, unit and combination of filters.
   Raises a compiler error that names the wrong argument, or the model when its name contradicts its kind. #}
{% macro statistic_table(kind, variable, measure) %}
    {%- set statistic = statistic_declaration(kind, variable, measure, **kwargs) -%}
    {%- if execute and model.resource_type == 'model' and not model.name.startswith(kind ~ '_') -%}
        {{ exceptions.raise_compiler_error("The model '" ~ model.name ~ "' declares a " ~ kind ~ ": its name must start with " ~ kind ~ "_.") }}
    {%- endif -%}
    {{ config(meta = {'statistic': statistic, 'derived': derived_columns(statistic), 'constants': derived_constants(statistic, this.identifier)}) }}
    {%- set cells = cells_of_statistic(statistic) -%}

with suppressed as (

    select cell.*
    from {{ ref('released_cell') }} as cell
    inner join {{ ref('int_reference_year') }} as reference_year
        on
            cell.reference_year = reference_year.reference_year
            and reference_year.is_published
    where
        cell.reference_year >= {{ statistic.first_year }}
        and {{ in_years_to_build('cell.reference_year') }}
        and cell.series = '{{ cells.series }}'
        {{ "and cell.geo_level <> 'statistical_sector'" if statistic.smallest_level == 'municipality' }}
        and {{ is_total_of(suppression_filters() | reject('in', statistic.filters) | list, 'cell') }}

),

published as (

    select
        reference_year,
        geo_level,
        geo_code,
        {{ (statistic.filters + [published_numbers(statistic)]) | join(', ') }}
    from suppressed

),

{{ with_limits('limited', statistic) }}

select * from limited
{% endmacro %}
