-- One row a person of one part of the country, with what stays the same for life.
-- Variables: part, parts (a part takes every so many-th person of each municipality, so that each is a thinned Belgium).

create or replace temp table life as
with numbered as (
    select
        cell.*,
        unnest(range(
            cell.from_person + (getvariable('part') - cell.from_person % getvariable('parts') + getvariable('parts')) % getvariable('parts'),
            cell.to_person,
            getvariable('parts')
        )) as person_number
    from cell
),

keyed as (
    select *, scramble(person_number) as key from numbered
),

born as (
    -- Moments are years with a fraction: 2021.5 is the first of July 2021.
    select
        *,
        last_birth_year - floor(birth_years * share(draw(key, 10)))::integer as birth_year,
        share(draw(key, 11)) as birth_share,
        history_start_year() + 20 * share(draw(key, 13)) as arrival
    from keyed
),

arrived as (
    select
        *,
        birth_year + birth_share as born_at,
        greatest(
            birth_year + birth_share,
            case when share(draw(key, 12)) < share_of_immigrants() and birth_year + 60 > arrival then arrival end
        ) as arrived_at
    from born
)

select
    person_number,
    key,
    'demo' || printf('%08x%04x', scramble(key), draw(key, 2) % 65536) as person_id,
    sex,
    birth_year,
    arrived_at,
    -- Gompertz: the age at which the hazard accumulated since the start of the history reaches an exponential draw.
    born_at + ln(
        exp(mortality_slope() * greatest(0, history_start_year() - born_at))
        - ln((draw(key, 14) + 1) / 4294967296.0) * mortality_slope() / mortality_level(sex)
    ) / mortality_slope() as died_at,
    municipality_number,
    slot,
    -- A person stays so many half-years in a home.
    case when share(draw(key, 20)) < 0.2 then 5 when share(draw(key, 20)) < 0.6 then 30 else 160 end as stay,
    draw(key, 21) % 160 as phase,
    share(draw(key, 25)) as address_draw,
    -- Some people hardly see a doctor, and mostly stay so.
    case when share(draw(key, 26)) < share_of_care_avoiders() then care_of_avoiders() else care_of_others() end::double as care_factor,
    key % 41 = 0 as has_late_lines
from arrived;
