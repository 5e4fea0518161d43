-- One row is a reference year that can be built: both population lists and claims are in the warehouse. It is published unless a variable or the
-- publication rule of the cards forbids it.

with population_count as (

    select * from {{ ref('int_population_count') }}
    where fate = 'accepted'

),

claim_count as (

    select * from {{ ref('int_claim_count') }}
    where fate = 'accepted'

),

listed_year as (

    select reference_year
    from population_count
    group by reference_year
    having
        max(case when extract(month from list_date) = 6 then 1 else 0 end) = 1
        and max(case when extract(month from list_date) = 12 then 1 else 0 end) = 1

),

claim_year as (

    select distinct reference_year from claim_count

),

-- without the claims of the year before, the look-back of the prenatal windows is cut: deliveries are built, the prenatal tables are not
built_year as (

    select
        listed_year.reference_year,
        previous_year.reference_year is not null as has_prenatal_lookback,
        true {{ year_bounds('listed_year.reference_year') }} as is_published
    from listed_year
    inner join claim_year on listed_year.reference_year = claim_year.reference_year
    left join claim_year as previous_year on listed_year.reference_year - 1 = previous_year.reference_year

)

select * from built_year
