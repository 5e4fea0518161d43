-- One row is a published row of a statistic that is compared between areas: reference year, unit from country to municipality, age and type of act.
-- Reads published tables and seeds only: whatever is computed from it can be computed by any reader.
{{ config(materialized = 'view') }}

with stratum as (

    {% for statistic in comparable_statistics() %}
        select
            '{{ statistic.name }}' as statistic,
            '{{ statistic.measure }}' as measure,
            '{{ statistic.variable }}' as variable,
            {{ statistic.per or 1 }} as per,
            '{{ 'decennial' if statistic.family == 'imaging' else 'maternal' }}' as scheme,
            reference_year,
            geo_level,
            geo_code,
            {{ 'age_category' if 'age_category' in statistic.filters else "'total'" }},
            {{ 'increased_reimbursement' if 'increased_reimbursement' in statistic.filters else "'total'" }} as increased_reimbursement,
            {{ 'procedure_type' if 'procedure_type' in statistic.filters else "'total'" }} as procedure_type,
            numerator,
            denominator,
            value,
            status
        from {{ ref(statistic.name) }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from stratum
