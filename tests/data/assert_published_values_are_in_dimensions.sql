-- Every level, status and filter value of the published tables has its row in the dimension of the same name.
{%- set is_tested = in_years_to_test('reference_year') %}
{%- set dimensions = {'geo_level': ref('dim_geo_level'), 'status': ref('dim_observation_status')} %}
{%- for filter in filter_definitions() %}{% do dimensions.update({filter: ref('dim_' ~ filter)}) %}{% endfor %}

with published as (

    {% for table in published_tables() %}
        {%- set relation = ref(table) %}
        {%- set outer_loop = loop %}
        {% for column in ['geo_level', 'status'] + declared_statistic(table).filters %}
            select distinct
                '{{ table }}' as published_table,
                '{{ column }}' as dimension,
                {{ column }} as published_value
            from {{ relation }}
            where {{ is_tested }}
            {{ 'union all' if not (loop.last and outer_loop.last) }}
        {% endfor %}
    {% endfor %}

),

known as (

    {% for column, relation in dimensions.items() %}
        select distinct
            '{{ column }}' as dimension,
            {{ column }} as known_value
        from {{ relation }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

failure as (

    select
        published.published_table || ' ' || published.dimension || ' ' || coalesce(published.published_value, 'null') as item,
        'value without a row in its dimension' as failure_reason
    from published
    left join known
        on
            published.dimension = known.dimension
            and published.published_value = known.known_value
    where known.known_value is null

)

select * from failure
