-- The people of the part in one year: who lives, where on which list, and the lists themselves.
-- Variable: year.

-- One row a person of table `life` who is insured in Belgium at some time of the year.
create or replace temp table person as
with present as (
    select
        *,
        draw(key, getvariable('year')) as year_key,
        getvariable('year') - birth_year as age,
        arrived_at <= getvariable('year') + 0.5 and died_at > getvariable('year') + 0.5 as is_there_in_june,
        died_at > getvariable('year') + 1 as is_there_in_december,
        greatest(0, floor(365 * (arrived_at - getvariable('year')))::integer) as first_day,
        least(364, floor(365 * (died_at - getvariable('year')))::integer) as last_day,
        (2 * (getvariable('year') - history_start_year()) + phase)::bigint as half_year,
        -- The home of the weights is the one at the start of weights_year.
        (2 * (weights_year() - history_start_year()) + phase)::bigint // stay as first_home
    from life
    where arrived_at < getvariable('year') + 1 and died_at > getvariable('year') and died_at > arrived_at
),

housed as (
    select
        *,
        half_year // stay - first_home as june_home,
        (half_year + 1) // stay - first_home as december_home,
        draw(year_key, 1) as june_draw,
        draw(year_key, 2) as december_draw
    from present
),

heading as (
    select
        *,
        draw(key, 1000 + june_home) as june_move,
        draw(key, 1000 + december_home) as december_move
    from housed
),

-- A home other than the first: half of the moves stay in the municipality, a third go to one nearby, the others anywhere.
aimed as (
    select
        *,
        case
            when june_home = 0 or june_move % 100 < 50 then slot
            when june_move % 100 < 85 then (slot + slot_count() + (june_move >> 8) % 601 - 300) % slot_count()
            else (june_move >> 8) % slot_count()
        end::integer as june_slot,
        case
            when december_home = 0 or december_move % 100 < 50 then slot
            when december_move % 100 < 85 then (slot + slot_count() + (december_move >> 8) % 601 - 300) % slot_count()
            else (december_move >> 8) % slot_count()
        end::integer as december_slot
    from heading
),

arrived as (
    select
        aimed.*,
        case when aimed.june_slot = aimed.slot then aimed.municipality_number else june.municipality_number end as june_municipality,
        case when aimed.december_slot = aimed.slot then aimed.municipality_number else december.municipality_number end as december_municipality
    from aimed
    inner join destination as june on aimed.june_slot = june.slot
    inner join destination as december on aimed.december_slot = december.slot
)

select
    arrived.person_number,
    arrived.person_id,
    arrived.key,
    arrived.year_key,
    arrived.sex,
    arrived.birth_year,
    arrived.age::integer as age,
    1 + least(arrived.age // 10, 9)::integer as age_place,     -- 1 to 10: 0-9, 10-19 ... 90 and over
    arrived.first_day,
    arrived.last_day - arrived.first_day + 1 as days,
    arrived.address_draw,
    arrived.june_draw,
    arrived.december_draw,
    -- Low place numbers, the centre of a municipality, hold more people.
    june.first_place + floor(june.place_count * pow(share(draw(arrived.june_move, 1)), 1.5))::integer as june_place,
    december.first_place + floor(december.place_count * pow(share(draw(arrived.december_move, 1)), 1.5))::integer as december_place,
    arrived.is_there_in_june and share(arrived.june_draw) >= share_missing_on_list() and arrived.address_draw < 1 - share_never_listed() as is_on_june_list,
    arrived.is_there_in_december and share(arrived.december_draw) >= share_missing_on_list()
    and arrived.address_draw < 1 - share_never_listed() as is_on_december_list,
    -- Increased reimbursement: mostly for long, drawn again every four years for some.
    share(draw(arrived.key, case when arrived.key % 100 < 85 then 22 else 30 + (getvariable('year') + arrived.phase % 4) // 4 end))
    < december.increased_reimbursement_rate * case when arrived.age < 18 then 1.05 when arrived.age < 65 then 0.82 else 1.45 end as has_increased_reimbursement,
    december.imaging_factor * imaging_trend(getvariable('year')) * arrived.care_factor as imaging_factor,
    december.hospital_number,
    arrived.has_late_lines
from arrived
inner join municipality as june on arrived.june_municipality = june.municipality_number
inner join municipality as december on arrived.december_municipality = december.municipality_number;

-- One row a line of one population list. Arguments: list_number (0 the list of June, 1 that of December), reference_date (date).
-- Invalid rows, one or two in ten thousand of each kind: no id, an impossible birth year, a person twice.
create or replace macro population_list(list_number, reference_date) as table
    with listed as (
        select
            *,
            case when list_number = 0 then june_draw else december_draw end as list_draw,
            case when list_number = 0 then june_place else december_place end as place_number
        from person
        where case when list_number = 0 then is_on_june_list else is_on_december_list end
    ),

    drawn as (
        select
            *,
            share(draw(list_draw, 1)) as code_draw,
            share(draw(list_draw, 2)) as sector_draw,
            draw(list_draw, 3) % 10000 as error_draw,
            draw(key, 3) as insurability_draw
        from listed
    ),

    located as (
        select
            drawn.*,
            case
                when address_draw < share_abroad() then [111, 103, 129, 113, 250, 330][1 + key % 6]
                when address_draw < share_abroad() + share_unknown_address() or code_draw < share_unknown_once()
                    then [null, 99999, 0, 995, 999, 45][1 + list_draw % 6]
                when code_draw < share_unknown_once() + share_impossible_code() then 60001
                when code_draw > 1 - share_early_code() then place.early_nis_code
                else place.nis_code
            end as residence,
            case
                when sector_draw < share_unknown_sector() / 2 then null
                when sector_draw < share_unknown_sector() then place.nis_code::varchar || 'ZZZZ'
                when sector_draw < share_unknown_sector() + share_other_sector() then '21004A00-'
                when year(reference_date) < 2021 or sector_draw > 1 - share_old_sector_list() then place.sector_2011
                else place.sector_2021
            end as sector
        from drawn
        inner join place_on_list as place
            on 2 * drawn.place_number + list_number = place.list_place and place.year = getvariable('year')
    ),

    coded as (
        select
            *,
            case
                when age < 25 then ['11', '11', '11', '41'][1 + insurability_draw % 4]
                when age < 65 then ['11', '11', '11', '12', '41', '11', '45', '11'][1 + insurability_draw % 8]
                else ['13', '13', '13', '14', '43'][1 + insurability_draw % 5]
            end as scheme
        from located
    ),

    copied as (
        -- The second row of a person differs in its sector, as when two funds report the same person.
        select
            coded.*,
            repetition.n as copy_number
        from coded
        inner join repetition on case when coded.error_draw = 0 then 2 else 1 end = repetition.times
    )

    select
        reference_date as reference_date,
        case when error_draw <> 1 then person_id end as pp0010,
        case error_draw when 2 then 1850 when 3 then year(reference_date) + 1 when 4 then null else birth_year end::integer as pp0015,
        sex::integer as pp0020,
        residence::integer as pp0025,
        case when copy_number = 0 and residence > 1000 and residence < 94000 then sector end as pp0055,
        case
            when share(draw(insurability_draw, 1)) < share_unknown_insurability() then [null, '9', '11X'][1 + list_draw % 3]
            else scheme || case when has_increased_reimbursement then '1' else '0' end
        end as pp0030
    from copied
    order by person_number, copy_number;

-- A list that bears another date than the two, of a few people: all of its rows are unusable.
create or replace macro misdated_list(reference_date) as table
    select *
    from population_list(1, reference_date)
    where pp0010 like '%000'
    order by pp0010;
