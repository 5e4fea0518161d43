-- Question: how much do hospitals differ in caesarean sections?
-- How to read: one row a hospital in the newest year, suppressed ones last and without a share: they have few caesareans or few deliveries, or protect a
-- hospital that has. `differs_from_belgium` is 'higher' or 'lower' only when the 95 % interval (Wilson) leaves out the share of all hospitals together;
-- with a hundred hospitals, five do so by chance. Hospitals treat different women: a high share is no verdict.

with caesarean as (

    select * from {{ ref('cube_007_006b') }}

),

newest as (

    select max(reference_year) as reference_year from caesarean

),

belgium as (

    select
        reference_year,
        value as belgian_share
    from caesarean
    where geo_level = 'country'

),

bounded as (

    select
        caesarean.reference_year,
        caesarean.geo_code as hospital,
        caesarean.numerator as caesareans,
        caesarean.denominator as deliveries,
        caesarean.value as share,
        caesarean.lower_95,
        caesarean.upper_95,
        belgium.belgian_share,
        caesarean.status
    from caesarean
    inner join newest on caesarean.reference_year = newest.reference_year
    inner join belgium on caesarean.reference_year = belgium.reference_year
    where caesarean.geo_level = 'hospital'

),

judged as (

    select
        *,
        case
            when status <> 'published' then 'suppressed'
            when lower_95 > belgian_share then 'higher'
            when upper_95 < belgian_share then 'lower'
            else 'no clear difference'
        end as differs_from_belgium
    from bounded

)

select * from judged
order by share desc nulls last, hospital asc
