-- One row is a published cube or stat: what its mart declares about itself.

with declared as (

    {{ declared_statistics() }}

),

typed as (

    select
        code,
        kind,
        family,
        measure,
        variable,
        place,
        performer,
        cast(per as int) as per,
        filters,
        smallest_level,
        cast(first_year as int) as first_year,
        source_variables,
        keywords,
        basis,
        cast(card_date as date) as card_date
    from declared

)

select * from typed
