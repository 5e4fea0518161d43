-- every level, status and filter value of the published tables has its row in the dimension of the same name
-- (these four tables hold every level, every filter and both age schemes)
{%- set is_tested = in_years_to_test('reference_year') %}

{% set samples = {
    'stat_013_003': [],
    'cube_013_003': ['age_category'],
    'cube_007_005a': ['age_category', 'increased_reimbursement', 'procedure_type'],
    'cube_007_005b': ['procedure_type'],
} %}

with published as (
    {% for table, filters in samples.items() %}
        {% set outer_loop = loop %}
        {% for dimension in ['geo_level', 'status'] + filters %}
            select distinct
                '{{ table }}' as published_table,
                '{{ dimension }}' as dimension,
                {{ dimension }} as published_value
            from {{ ref(table) }}
            where {{ is_tested }}
            {{ 'union all' if not (loop.last and outer_loop.last) }}
        {% endfor %}
    {% endfor %}
),

known as (
    select
        'geo_level' as dimension,
        geo_level as known_value
    from {{ ref('dim_geo_level') }}
    union all
    select
        'status' as dimension,
        status as known_value
    from {{ ref('dim_observation_status') }}
    union all
    select distinct
        'age_category' as dimension,
        age_category as known_value
    from {{ ref('dim_age_category') }}
    union all
    select
        'increased_reimbursement' as dimension,
        increased_reimbursement as known_value
    from {{ ref('dim_increased_reimbursement') }}
    union all
    select
        'procedure_type' as dimension,
        procedure_type as known_value
    from {{ ref('dim_procedure_type') }}
),

failures as (
    select
        published.published_table,
        published.dimension,
        published.published_value,
        'value without a row in its dimension' as failure_reason
    from published
    left join known
        on published.dimension = known.dimension and published.published_value = known.known_value
    where known.known_value is null
)

select * from failures
