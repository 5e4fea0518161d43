-- One row is a row of publishable_cell as a release may publish it: what the last release makes necessary is suppressed besides (quality.withheld_cell).
-- The published tables read nothing else.
{{ config(materialized = 'view', access = 'protected') }}

with cell as (

    select * from {{ ref('publishable_cell') }}

),

withheld as (

    select
        reference_year,
        series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        hides_denominator
    from {{ source('state', 'withheld_cell') }}
    -- without suppression nothing is withheld either
    where {{ var('small_cell_threshold') }} > 0

),

released as (

    select
        cell.reference_year,
        cell.series,
        cell.geo_level,
        cell.geo_code,
        {{ filter_columns('cell') }},
        cell.cases,
        cell.volume,
        cell.denominator,
        cell.persons,
        cell.denominator_persons,
        cell.is_denominator_suppressed or coalesce(withheld.hides_denominator, false) as is_denominator_suppressed,
        cell.is_numerator_suppressed or withheld.series is not null as is_numerator_suppressed,
        not cell.is_denominator_suppressed and coalesce(withheld.hides_denominator, false) as is_denominator_withheld,
        not cell.is_numerator_suppressed and withheld.series is not null as is_numerator_withheld
    from cell
    left join withheld
        on
            cell.reference_year = withheld.reference_year
            and cell.series = withheld.series
            and cell.geo_level = withheld.geo_level
            and cell.geo_code = withheld.geo_code
            and {{ same_filters('cell', 'withheld') }}

)

select * from released
