{# Rate per N: `numerator` for every `per` of `denominator`, from whole sums, so that a rerun gives the same bytes whatever the threads.
   Arguments: numerator, denominator (SQL bigint), per (100: percent, 1000: per thousand, 1: mean). Returns: double expression, not rounded; null
   when the denominator is 0. Cards: patients / (beneficiaries / 100), examinations / (beneficiaries / 1.000). #}
{% macro rate_per(numerator, denominator, per) -%}
    cast({{ numerator }} as double) * {{ per }} / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# The declaration of one cube or stat: what follows from its kind, variable, measure and place (macros/lists.sql), and what a mart states beside them.
   Arguments
     kind            'cube' (split by the filters of the variable) or 'stat' (no filters, down to statistical sectors)
     variable        a variable of the list `variables`
     measure         'share', 'volume', 'mean' or 'count'
     place           'residence' (default) or 'hospital'
     basis           'card' when a published card of this code was at hand; 'pattern' (default): defined after the cards of its family; 'inferred': named on a
                     card, and the definition is this project's, from other public sources
     related         list of text: the codes that the card names as related, in its order
   and the exceptions, none of which any mart needs today: first_year (integer), smallest_level (text), card_date (text, YYYY-MM-DD).
   Returns: mapping kind, family, measure, variable, place, performer, per, filters, smallest_level, first_year, source_variables, keywords, basis, card_date, related.
   Raises a compiler error that names the wrong argument. #}
{% macro statistic_declaration(kind, variable, measure, place='residence', basis='pattern', related=[], first_year=none, smallest_level=none, card_date=none) %}
    {%- if kind not in ['cube', 'stat'] -%}
        {{ exceptions.raise_compiler_error("statistic_table: kind '" ~ kind ~ "' is neither cube nor stat") }}
    {%- endif -%}
    {%- if measure not in measure_definitions() -%}
        {{ exceptions.raise_compiler_error("statistic_table: no measure '" ~ measure ~ "'; known are " ~ (measure_definitions() | join(', '))) }}
    {%- endif -%}
    {%- if basis not in ['card', 'pattern', 'inferred'] -%}
        {{ exceptions.raise_compiler_error("statistic_table: basis '" ~ basis ~ "' is neither card, pattern nor inferred") }}
    {%- endif -%}
    {%- set variable_filters = variable_filters(variable, place) -%}
    {%- set family_name = variables()[variable].family -%}
    {%- set family = families()[family_name] -%}
    {%- set level_of_kind = 'hospital' if place == 'hospital' else {'cube': 'municipality', 'stat': 'statistical_sector'}[kind] -%}
    {%- set year_of_kind = var('first_filter_year') if family_name == 'imaging' and kind == 'cube' else family.first_year -%}
    {{ return({
        'kind': kind,
        'family': family_name,
        'measure': measure,
        'variable': variable,
        'place': place,
        'performer': none if not variables()[variable].performer else 'any' if variables()[variable].performer == 'any' else 'one',
        'per': measure_definitions()[measure].per,
        'filters': variable_filters if kind == 'cube' else [],
        'smallest_level': smallest_level or level_of_kind,
        'first_year': first_year or year_of_kind,
        'source_variables': family.source_variables[place] if family.source_variables else [variable],
        'keywords': family.keywords,
        'basis': basis,
        'card_date': card_date or family.card_date,
        'related': related
    }) }}
{% endmacro %}

{# Which cells of publishable_cell a statistic publishes: the only place that knows the suppression.
   Argument: statistic (a declaration). Returns: mapping series (text); numerator and denominator (SQL bigint); suppressed (SQL boolean: the numerator is
   suppressed; `is_denominator_suppressed` suppresses both). Raises a compiler error for an unknown combination. #}
{% macro cells_of_statistic(statistic) %}
    {%- set counts = {
        ('imaging', 'share'): {'series': statistic.variable, 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('imaging', 'volume'): {'series': statistic.variable, 'numerator': 'volume', 'suppressed': 'is_numerator_suppressed'},
        ('caesareans', 'share'): {'series': 'caesareans', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('no_postnatal_midwife', 'share'): {'series': 'no_postnatal_midwife', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('prenatal_acts', 'mean'): {'series': 'prenatal_acts', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('deliveries', 'count'): {'series': 'caesareans', 'numerator': 'denominator', 'suppressed': 'is_denominator_suppressed'}
    } -%}
    {%- set cells = counts.get(('imaging' if statistic.family == 'imaging' else statistic.variable, statistic.measure)) -%}
    {%- if cells is none -%}
        {{ exceptions.raise_compiler_error("statistic_table: no measure '" ~ statistic.measure ~ "' of the variable '" ~ statistic.variable ~ "'; known are " ~ (counts.keys() | list)) }}
    {%- endif -%}
    {%- do cells.update({
        'series': place_series(cells.series, statistic.place),
        'denominator': 'cast(null as bigint)' if statistic.per is none else 'denominator'
    }) -%}
    {{ return(cells) }}
{% endmacro %}

{# One 95 % limit of a published share. Arguments: per (number), side, prefix (alias of the relation and a dot, or nothing). Returns: double expression. #}
{% macro limit_of_share(per, side, prefix='') -%}
    {{ per }} * {{ wilson_limit(prefix ~ 'numerator', prefix ~ 'denominator', side) }}
{%- endmacro %}

{# The columns of a published table that follow from other columns of the same row. The public file does not store them: they are generated columns, and
   the release compares them with those of the build. Argument: statistic (a declaration). Returns: mapping of a column to its SQL expression. #}
{% macro derived_columns(statistic) %}
    {%- set derived = {} -%}
    {%- if statistic.per is not none -%}
        {%- do derived.update({'value': rate_per('numerator', 'denominator', statistic.per) | trim}) -%}
    {%- endif -%}
    {%- if statistic.measure == 'share' -%}
        {%- for side in ['lower', 'upper'] -%}
            {%- do derived.update({side ~ '_95': "case when status = 'published' then " ~ limit_of_share(statistic.per, side) ~ ' end'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(derived) }}
{% endmacro %}

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
{{ config(meta = {'statistic': statistic, 'derived': derived_columns(statistic)}) }}
{%- set cells = cells_of_statistic(statistic) -%}

with suppressed as (

    select cell.*
    from {{ ref('publishable_cell') }} as cell
    inner join {{ ref('int_reference_year') }} as reference_year
        on
            cell.reference_year = reference_year.reference_year
            and reference_year.is_published
    where
        cell.reference_year >= {{ statistic.first_year }}
        and {{ in_years_to_build('cell.reference_year') }}
        and cell.series = '{{ cells.series }}'
        {%- if statistic.smallest_level == 'municipality' %}
        and cell.geo_level <> 'statistical_sector'
        {%- endif %}
        {%- for filter in filter_definitions() if filter not in statistic.filters %}
        and cell.{{ filter }} = 'total'
        {%- endfor %}

),

published as (

    select
        reference_year,
        geo_level,
        geo_code,
        {%- for filter in statistic.filters %}
        {{ filter }},
        {%- endfor %}
        case when not ({{ cells.suppressed }} or is_denominator_suppressed) then {{ cells.numerator }} end as numerator,
        case when not is_denominator_suppressed then {{ cells.denominator }} end as denominator,
        {%- if statistic.per is none %}
        case when not is_denominator_suppressed then cast({{ cells.numerator }} as double) end as value,
        case when is_denominator_suppressed then 'small_cell' else 'published' end as status
        {%- else %}
        case
            when not ({{ cells.suppressed }} or is_denominator_suppressed)
                then {{ rate_per(cells.numerator, cells.denominator, statistic.per) }}
        end as value,
        case
            when {{ cells.suppressed }} or is_denominator_suppressed then 'small_cell'
            when {{ cells.denominator }} = 0 then 'empty'
            else 'published'
        end as status
        {%- endif %}
    from suppressed

),

{% if statistic.measure in ['volume', 'mean'] -%}
{%- set type = 'procedure_type' if 'procedure_type' in statistic.filters else "'total'" -%}
-- the country's mean number per person, all ages together: the variance of a count is phi less this mean times that of a Poisson count
country_mean as (

    select
        reference_year,
        {{ type }} as procedure_type,
        value / {{ statistic.per }} as mean
    from published
    where
        geo_level = 'country'
        {%- for filter in statistic.filters if filter != 'procedure_type' %}
        and {{ filter }} = 'total'
        {%- endfor %}

),

spread as (

    select
        dispersion.reference_year,
        dispersion.procedure_type,
        greatest(dispersion.phi - country_mean.mean, 0e0) as dispersion
    from {{ ref('dispersion') }} as dispersion
    inner join country_mean
        on
            dispersion.reference_year = country_mean.reference_year
            and dispersion.procedure_type = country_mean.procedure_type
    where dispersion.variable = '{{ statistic.variable }}' and dispersion.phi is not null and country_mean.mean is not null

),

{% endif -%}
limited as (

    select
        published.reference_year,
        published.geo_level,
        published.geo_code,
        {%- for filter in statistic.filters %}
        published.{{ filter }},
        {%- endfor %}
        published.numerator,
        published.denominator,
        published.value,
        {%- for side in ['lower', 'upper'] %}
        case
            when published.status = 'published'
                {%- if statistic.measure == 'share' %}
                then {{ limit_of_share(statistic.per, side, 'published.') }}
                {%- elif statistic.measure == 'count' %}
                then {{ poisson_limit('published.numerator', 'exact_limit.' ~ side ~ '_95', side) }}
                {%- else %}
                then
                    {{ statistic.per }} * ({{ scaled_limit('published.numerator', poisson_limit('published.numerator', 'exact_limit.' ~ side ~ '_95', side), 'spread.dispersion') }})
                    / published.denominator
                {%- endif %}
        end as {{ side }}_95,
        {%- endfor %}
        published.status
    from published
    {%- if statistic.measure != 'share' %}
    left join {{ ref('poisson_limit') }} as exact_limit on published.numerator = exact_limit.events
    {%- endif %}
    {%- if statistic.measure in ['volume', 'mean'] %}
    left join spread
        on
            published.reference_year = spread.reference_year
            and {{ 'published.procedure_type' if 'procedure_type' in statistic.filters else "'total'" }} = spread.procedure_type
    {%- endif %}

)

select * from limited
{% endmacro %}
