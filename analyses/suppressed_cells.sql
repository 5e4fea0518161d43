-- Question: can I answer my question at this level, or are too many cells suppressed?
-- How to read: one row a table, level and status in the newest year of the table: how many cells are published, suppressed or empty, and in percent of
-- the cells of that level. Where many are suppressed, take a higher level, fewer filters, or the table `stat_` of the same variable.

with cell as (

    {% for table in ['cube_013_013', 'stat_013_013', 'cube_007_001a_denom', 'cube_007_005a', 'cube_007_006a', 'cube_007_006b'] %}
        select
            '{{ table }}' as code,
            reference_year,
            geo_level,
            status
        from {{ ref(table) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

newest as (

    select
        code,
        max(reference_year) as reference_year
    from cell
    group by code

),

geo_level as (

    select * from {{ ref('dim_geo_level') }}

),

counted as (

    select
        cell.code,
        cell.reference_year,
        geo_level.sort_order,
        cell.geo_level,
        cell.status,
        count(*) as cells,
        100.0 * count(*) / sum(count(*)) over (partition by cell.code, cell.geo_level) as percent_of_level
    from cell
    inner join newest
        on
            cell.code = newest.code
            and cell.reference_year = newest.reference_year
    inner join geo_level on cell.geo_level = geo_level.geo_level
    group by
        cell.code,
        cell.reference_year,
        geo_level.sort_order,
        cell.geo_level,
        cell.status

)

select * from counted
order by code, sort_order, status
