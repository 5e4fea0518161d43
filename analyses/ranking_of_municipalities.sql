-- Question: where do most, and fewest, people have a CT scan?
-- How to read: one row a municipality in the newest year, highest share of beneficiaries with at least one CT scan first, within Belgium and within its
-- region. `lower_95` and `upper_95` hold the share for 95 % of chance (Wilson): two places whose intervals overlap do not clearly differ, and a small
-- place is at the top or bottom by chance alone. Suppressed places have no rank; `suppressed_places` is their number. Not standardised by age: an old
-- population has more scans.

with ct as (

    select * from {{ ref('stat_013_013') }}
    where geo_level = 'municipality'

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

newest as (

    select max(reference_year) as reference_year from ct

),

placed as (

    select
        ct.reference_year,
        ct.geo_code,
        municipality.name_nl,
        municipality.name_fr,
        region.name_nl as region,
        ct.numerator as patients,
        ct.denominator as beneficiaries,
        ct.value as share,
        ct.lower_95,
        ct.upper_95,
        ct.status
    from ct
    inner join newest on ct.reference_year = newest.reference_year
    inner join geographic_unit as municipality
        on
            ct.geo_level = municipality.geo_level
            and ct.geo_code = municipality.geo_code
    inner join geographic_unit as region
        on
            region.geo_level = 'region'
            and municipality.region_code = region.geo_code

),

suppressed as (

    select count(*) as suppressed_places from placed
    where status = 'small_cell'

),

ranked as (

    select
        placed.reference_year,
        rank() over (order by placed.share desc) as rank_in_belgium,
        rank() over (partition by placed.region order by placed.share desc) as rank_in_region,
        placed.geo_code,
        placed.name_nl,
        placed.name_fr,
        placed.region,
        placed.patients,
        placed.beneficiaries,
        placed.share,
        placed.lower_95,
        placed.upper_95,
        suppressed.suppressed_places
    from placed
    cross join suppressed
    where placed.status = 'published'

)

select * from ranked
order by rank_in_belgium, geo_code
