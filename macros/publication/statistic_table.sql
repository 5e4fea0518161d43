{# Rate per N: `numerator` for every `per` of `denominator`, from whole sums, so that a rerun gives the same bytes whatever the threads.
   Arguments: numerator, denominator (SQL bigint), per (100: percent, 1000: per thousand, 1: mean). Returns: double expression, not rounded; null
   when the denominator is 0. Cards: patients / (beneficiaries / 100), examinations / (beneficiaries / 1.000). #}
{% macro rate_per(numerator, denominator, per) -%}
    cast({{ numerator }} as double) * {{ per }} / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{# The published table of one cube or stat, from the masked cells of its family.
   Argument: statistic, a mapping with
     family          'imaging' or 'perinatal'
     measure         'share', 'volume', 'mean' or 'count'
     variable        imaging: a variable of the seed imaging_variable; perinatal: 'deliveries', 'caesareans' or 'prenatal_acts'
     per             100, 1000, 1, or none for a count
     filters         list out of age_category, increased_reimbursement, procedure_type; may be empty
     smallest_level  'municipality', 'statistical_sector' or 'hospital'
     first_year      first reference year
   Returns: a query with the contract of the published tables: reference_year, geo_level, geo_code, the filters, numerator and denominator (bigint),
   value (double, not rounded), status ('published', 'small_cell', 'empty'). One row a year, unit and combination of filters.
   Raises a compiler error that names the wrong argument. #}
{% macro statistic_table(statistic) %}
    {%- set measures = {
        ('imaging', 'share'): {'numerator': 'patients', 'denominator': 'beneficiaries', 'mask': 'is_numerator_masked'},
        ('imaging', 'volume'): {'numerator': 'exams', 'denominator': 'beneficiaries', 'mask': 'is_numerator_masked'},
        ('perinatal', 'count'): {'numerator': 'deliveries', 'denominator': 'cast(null as bigint)', 'mask': 'is_denominator_masked'},
        ('perinatal', 'share'): {'numerator': 'caesareans', 'denominator': 'deliveries', 'mask': 'is_caesarean_masked'},
        ('perinatal', 'mean'): {'numerator': 'acts', 'denominator': 'deliveries', 'mask': 'is_numerator_masked'}
    } -%}
    {%- set measure = measures.get((statistic.family, statistic.measure)) -%}
    {%- if measure is none -%}
        {{ exceptions.raise_compiler_error("statistic_table: no measure '" ~ statistic.measure ~ "' in the family '" ~ statistic.family ~ "'; known are " ~ (measures.keys() | list)) }}
    {%- endif -%}
    {%- if statistic.smallest_level not in ['municipality', 'statistical_sector', 'hospital'] -%}
        {{ exceptions.raise_compiler_error("statistic_table: smallest_level '" ~ statistic.smallest_level ~ "' is not municipality, statistical_sector or hospital") }}
    {%- endif -%}
    {%- if statistic.family == 'imaging' -%}
        {%- set relation = ref('int_imaging_masked') -%}
        {%- set all_filters = ['age_category'] -%}
    {%- elif statistic.measure == 'mean' and statistic.smallest_level == 'hospital' -%}
        {%- set relation = ref('int_hospital_prenatal_masked') -%}
        {%- set all_filters = ['procedure_type'] -%}
    {%- elif statistic.measure == 'mean' -%}
        {%- set relation = ref('int_prenatal_masked') -%}
        {%- set all_filters = ['age_category', 'increased_reimbursement', 'procedure_type'] -%}
    {%- elif statistic.smallest_level == 'hospital' -%}
        {%- set relation = ref('int_hospital_delivery_masked') -%}
        {%- set all_filters = [] -%}
    {%- else -%}
        {%- set relation = ref('int_delivery_masked') -%}
        {%- set all_filters = ['age_category', 'increased_reimbursement'] -%}
    {%- endif -%}

with masked as (

    select cell.*
    from {{ relation }} as cell
    inner join {{ ref('int_reference_year') }} as reference_year
        on
            cell.reference_year = reference_year.reference_year
            and reference_year.is_published
    where
        cell.reference_year >= {{ statistic.first_year }}
        and {{ in_years_to_build('cell.reference_year') }}
        {%- if statistic.family == 'imaging' %}
        and cell.variable = '{{ statistic.variable }}'
        {%- endif %}
        {%- if statistic.smallest_level == 'municipality' %}
        and cell.geo_level <> 'statistical_sector'
        {%- endif %}
        {%- for filter in all_filters if filter not in statistic.filters %}
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
        case when not ({{ measure.mask }} or is_denominator_masked) then {{ measure.numerator }} end as numerator,
        case when not is_denominator_masked then {{ measure.denominator }} end as denominator,
        {%- if statistic.measure == 'count' %}
        case when not is_denominator_masked then cast({{ measure.numerator }} as double) end as value,
        case when is_denominator_masked then 'small_cell' else 'published' end as status
        {%- else %}
        case
            when not ({{ measure.mask }} or is_denominator_masked)
                then {{ rate_per(measure.numerator, measure.denominator, statistic.per) }}
        end as value,
        case
            when {{ measure.mask }} or is_denominator_masked then 'small_cell'
            when {{ measure.denominator }} = 0 then 'empty'
            else 'published'
        end as status
        {%- endif %}
    from masked

)

select * from published
{% endmacro %}
