-- Reimbursed lines of the people in table `person`. Every line is drawn from the person's key of the year, its kind and its number.

-- What orders the lines of a file: one number, because sorting is most of the work. Kinds are below 32, lines of a person and kind below 1,024.
create or replace macro line_number(person_number, kind_number, n) as (person_number << 15) + (kind_number << 10) + n;

-- Seven of ten patients go to the hospital of their own area, the others to one of its neighbours (in order, the last next to the first).
create or replace macro hospital_step(bits) as case when bits % 10 < 7 then 0 else 102 + bits % 5 end;

-- One row a line, without the pregnancies. Argument: is_late, false for the lines as first delivered, true for what arrives in the following year:
-- lines that were late, and corrections of lines delivered before. Both concern one person in 41.
-- Errors come in the ways that happen: a cancellation (-1) that follows its line, now and then twice; and, in one line out of four thousand each,
-- no id, no possible date, an impossible code, zero cases.
create or replace macro claim_line(is_late) as table
    with expected as (
        -- Lines of no list: everybody has some.
        select
            person.*,
            0 as kind_number,
            0 as inpatient_limit,
            person.year_key as set_draw,
            least(60, floor(
                2 * share(draw(person.year_key, 100)) * getvariable('claims_per_person') * rate.factor[person.age_place] + share(draw(person.year_key, 101))
            ))::integer as lines
        from person
        cross join other_rate as rate
        where person.has_late_lines or not is_late
        union all
        -- Imaging: who has it at all, then how often. For the first a multiplication is draw enough: it is asked of every person and kind.
        select
            person.*,
            kind.kind_number,
            (rate.inpatient * 4096 * (0.4 + 0.1 * person.age_place))::integer as inpatient_limit,
            person.year_key * kind.multiplier as set_draw,
            1 + least(20, floor(ln(share(draw(person.year_key, 300 + kind.kind_number)) + 1e-10) / ln(1 - 1 / rate.exams_per_patient)))::integer as lines
        from person
        cross join imaging_rate as rate
        inner join service_kind as kind on rate.kind = kind.kind
        where
            (person.has_late_lines or not is_late)
            and (person.year_key * kind.multiplier) & 4294967295
            < rate.draw_limits[person.age_place + case person.sex when 2 then 10 else 0 end] * person.imaging_factor
    ),

    cancelled as (
        -- One set of lines in 128 is followed by the cancellation of its first line, an eighth of these by a second one.
        select
            *,
            lines + case when set_draw & 127 <> 5 or lines = 0 then 0 when set_draw & 1023 = 5 then 2 else 1 end as all_lines
        from expected
    ),

    numbered as (
        select
            cancelled.*,
            repetition.n,
            ((cancelled.key >> 8) + cancelled.kind_number + repetition.n) & 15 as lateness
        from cancelled
        inner join repetition on cancelled.all_lines = repetition.times
    ),

    sent as (
        -- Of the people with late lines, one line in sixteen comes late and one is taken back late.
        select *
        from numbered
        where (not is_late and (not has_late_lines or lateness <> 0)) or (is_late and lateness <= 1)
    ),

    drawn as (
        -- A cancellation has the draws of the line that it cancels.
        select
            *,
            draw(year_key, 1000 + 64 * kind_number + case when n < lines then n else 0 end) as day_draw
        from sent
    ),

    dated as (
        select
            *,
            draw(day_draw, 1) as line_draw,
            first_day + ((day_draw * days) >> 32)::integer as day_number
        from drawn
    ),

    billed as (
        select
            *,
            (line_draw >> 8) & 4095 < inpatient_limit as is_inpatient,
            case when n >= lines or (is_late and lateness = 1) then -1 when line_draw >> 24 = 9 then 2 else 1 end as cases
        from dated
    )

    select
        line_number(billed.person_number, billed.kind_number, billed.n) as line_number,
        case when billed.day_draw & 4095 <> 0 then billed.person_id end as person_id,
        case when billed.day_draw & 4095 <> 1 then make_date(getvariable('year'), 1, 1) + billed.day_number end as service_date,
        case when billed.day_draw & 4095 = 2 then pick.code + 1 else pick.code end as code,
        case when billed.day_draw & 4095 = 3 then 0 else billed.cases end as cases,
        billed.cases * pick.amount_eurocents as amount_eurocents,
        pick.qualification,
        case when billed.is_inpatient then 99001 + (billed.hospital_number + hospital_step(billed.line_draw)) % 104 end as institution
    from billed
    inner join code_pick as pick
        on
            pick_number(billed.kind_number, billed.day_number // 92, billed.is_inpatient, billed.line_draw & 255) = pick.pick
            and pick.year = getvariable('year');

-- One row a line around the pregnancies of the year's women. A delivery of the year after bills its first acts in this one, and one of the year before
-- can be billed again in this one: three years of pregnancies are drawn, and the lines of this year kept.
create or replace macro perinatal_line() as table
    with begun as (
        -- No woman delivers in two years running: leaves the shortest intervals out.
        select
            person.*,
            pregnancy_year.year as delivery_year,
            draw(person.key, 5000 + pregnancy_year.year) as pregnancy_key,
            (person.key * pregnancy_year.multiplier) & 4294967295 >= fertility.delivery_limit as is_lost
        from person
        cross join pregnancy_year
        inner join fertility on pregnancy_year.year - person.birth_year = fertility.age
        where
            person.sex = 2
            and pregnancy_year.year between getvariable('year') - 1 and getvariable('year') + 1
            and (person.key * pregnancy_year.multiplier) & 4294967295 < fertility.pregnancy_limit
            and (person.key * pregnancy_year.earlier_multiplier) & 4294967295 >= fertility.pregnancy_limit
    ),

    delivered as (
        select
            begun.*,
            make_date(begun.delivery_year, 1, 1) + (draw(begun.pregnancy_key, 1) % 365)::integer as delivery_date,
            hospital.institution,
            case
                when share(draw(begun.pregnancy_key, 2)) < share_home() then 'home'
                when share(draw(begun.pregnancy_key, 3)) < share_caesarean(begun.delivery_year - begun.birth_year) + hospital.caesarean_effect then 'caesarean'
                else 'vaginal_hospital'
            end as delivery_kind
        from begun
        inner join hospital on (begun.hospital_number + hospital_step(draw(begun.pregnancy_key, 4))) % 104 = hospital.hospital_number
    ),

    acted as (
        select
            delivered.*,
            act.act,
            act.kind as act_kind,
            draw(delivered.pregnancy_key, 10 + act.act) as act_draw,
            draw(delivered.pregnancy_key, 100 + act.act) as line_draw,
            delivered.delivery_date - act.days_before::integer
            + (draw(delivered.pregnancy_key, 200 + act.act) % (2 * act.spread + 1))::integer - act.spread::integer as service_date
        from delivered
        cross join perinatal_act as act
        where
            -- A pregnancy that is lost bills its early ultrasounds only.
            share(draw(delivered.pregnancy_key, 10 + act.act)) < act.probability and (not delivered.is_lost or act.act in (10, 11))
    ),

    kept as (
        select
            *,
            case
                when act_kind = 'delivery' then delivery_kind
                when act_kind = 'second_code' and delivery_kind = 'vaginal_hospital' and line_draw % 8 = 0 then 'caesarean'
                when act_kind = 'second_code' then 'vaginal_hospital'
                else act_kind
            end as kind,
            -- One set in a hundred is cancelled, one of these billed anew.
            unnest(case when (line_draw >> 12) % 200 = 0 then [1, -1, 1] when (line_draw >> 12) % 200 = 1 then [1, -1] else [1] end) as cases,
            unnest(case when (line_draw >> 12) % 200 = 0 then [0, 1, 2] when (line_draw >> 12) % 200 = 1 then [0, 1] else [0] end) as n
        from acted
        where year(service_date) = getvariable('year')
    ),

    placed as (
        select
            kept.*,
            service_kind.kind_number,
            case
                when kept.kind in ('home', 'midwife_postnatal') then false
                when kept.kind in ('caesarean', 'vaginal_hospital', 'delivery_supplement') then (kept.line_draw >> 20) % 100 >= 2
                when kept.kind = 'cardiotocography' then (kept.line_draw >> 20) % 100 < 21
                else (kept.line_draw >> 20) % 100 < 4
            end as is_inpatient
        from kept
        inner join service_kind on kept.kind = service_kind.kind
    )

    select
        line_number(placed.person_number, placed.kind_number, 12 * placed.act + 3 * (placed.delivery_year - getvariable('year') + 1) + placed.n) as line_number,
        case when placed.act_draw % 4096 <> 0 then placed.person_id end as person_id,
        placed.service_date,
        pick.code,
        case when placed.act_draw % 4096 = 1 then 0 else placed.cases end as cases,
        placed.cases * pick.amount_eurocents as amount_eurocents,
        pick.qualification,
        case when placed.is_inpatient then placed.institution end as institution
    from placed
    inner join code_pick as pick
        on
            pick_number(placed.kind_number, quarter(placed.service_date)::integer - 1, placed.is_inpatient, placed.line_draw & 255) = pick.pick
            and pick.year = getvariable('year');
