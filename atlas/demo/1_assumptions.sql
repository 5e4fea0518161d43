-- What the synthetic Belgium is assumed to be like: every rate, share and plan of the demo source is in this file.
-- None of these numbers is a fact about patients. They were chosen so that the demo's national results are near published Belgian figures.

-- Chance without chance: a number of 32 bits from a number of 32 bits, one to one (two rounds of multiply and fold). The same key and stream give the
-- same draw on every machine, with any number of threads, and for a year made alone as for a year made within a series.
create or replace macro fold(bits, distance) as xor(bits, bits >> distance);
create or replace macro scramble(bits) as fold(
    (fold((fold(bits::bigint, 16) * 2146121005) & 4294967295, 15) * 830770091) & 4294967295, 16
);
-- One draw of 32 bits; key: a draw or scrambled number, stream: which of the key's draws.
create or replace macro draw(key, stream) as scramble((key + stream * 2654435769) & 4294967295);
-- A draw as a share, 0 <= share < 1.
create or replace macro share(bits) as bits / 4294967296.0;

-- People. Lives are generated from the first of January of history_start_year on; the people's weights are those of weights_year.
create or replace macro history_start_year() as 2006;
create or replace macro weights_year() as 2021;
create or replace macro share_of_immigrants() as 0.13;        -- of those under 60: arrive at some time between 2006 and 2026
-- Gompertz mortality per year of life: level * exp(slope * age).
create or replace macro mortality_slope() as 0.1;
create or replace macro mortality_level(sex) as case sex when 1 then 2.1e-5 else 1.2e-5 end;

-- Population lists.
create or replace macro share_missing_on_list() as 0.002;     -- on one list, not on the other
create or replace macro share_never_listed() as 0.0005;       -- has claims, is on no list
create or replace macro share_abroad() as 0.004;
create or replace macro share_unknown_address() as 0.004;     -- on both lists
create or replace macro share_unknown_once() as 0.002;        -- on one list
create or replace macro share_impossible_code() as 0.0002;    -- a code that never was a municipality
create or replace macro share_early_code() as 0.01;           -- already carries the code that a coming merger will give
create or replace macro share_unknown_sector() as 0.012;
create or replace macro share_other_sector() as 0.001;        -- a sector of another municipality
create or replace macro share_old_sector_list() as 0.05;      -- from 2021 on, still a code of the sectors of 2011
create or replace macro share_unknown_insurability() as 0.003;

-- For repeating a row: join on times, get n = 0 ... times - 1. (Faster than unnest on short lists.)
create or replace table repetition as
select times::integer as times, n::integer as n from range(1, 64) as t (times) cross join range(64) as u (n) where n < times order by times, n;

-- Who hardly sees a doctor, mostly for life: their imaging, and that of the others, against the mean.
create or replace macro share_of_care_avoiders() as 0.41;
create or replace macro care_of_avoiders() as 0.16;
create or replace macro care_of_others() as 1.60;

-- Share of the beneficiaries with increased reimbursement, by region (times a factor of the age, in the people of the year).
create or replace table entitled_share as
select * from (values ('02000', 0.156), ('03000', 0.212), ('04000', 0.316)) as rate (region_nis, rate);

-- How much imaging differs between regions, and between years (the spring of 2020 is in it).
create or replace table imaging_region as
select * from (values ('02000', 0.985), ('03000', 1.05), ('04000', 0.91)) as rate (region_nis, factor);
create or replace macro imaging_trend(year) as case when year = 2020 then 0.86 else 1 + 0.008 * (year - 2023) end;

-- Imaging outside pregnancy, a year.
--   women               patients among women, times those among men
--   exams_per_patient   the mean; spread geometrically
--   inpatient           share of the exams during a stay in hospital, at 50 years
--   patients_per_1000   among men, by age 0-9, 10-19 ... 80-89, 90 and over
create or replace table imaging_rate as
select
    rate.*,
    -- As draws: a person is a patient when a draw is below it; place 1 to 10 men by age, 11 to 20 women.
    list_concat(
        list_transform(patients_per_1000, lambda patients: patients / 1000 * 4294967296.0),
        list_transform(patients_per_1000, lambda patients: patients / 1000 * 4294967296.0 * women)
    )::double[] as draw_limits
from (
    values
    ('ct', 1.00, 1.65, 0.30, [5, 18, 48, 80, 112, 155, 208, 276, 318, 300]),
    ('mri', 1.10, 1.22, 0.08, [9, 50, 75, 95, 115, 130, 125, 120, 75, 30]),
    ('radiography', 1.05, 1.45, 0.15, [95, 170, 130, 140, 170, 215, 255, 300, 340, 360]),
    ('mammography', 30.0, 1.10, 0.01, [0, 0, 0.2, 1.5, 6, 11, 10, 3.5, 1, 0.3]),
    ('ultrasound', 1.25, 1.30, 0.08, [75, 115, 145, 182, 215, 245, 270, 280, 245, 180]),
    ('ultrasound_specialist', 1.25, 1.45, 0.15, [80, 50, 115, 142, 147, 185, 245, 325, 345, 270]),
    ('radiography_specialist', 1.05, 1.35, 0.12, [45, 95, 65, 65, 75, 95, 110, 125, 130, 120]),
    ('dental_child', 1.00, 1.60, 0, [65, 290, 0, 0, 0, 0, 0, 0, 0, 0]),
    ('dental', 1.05, 2.10, 0, [0, 70, 255, 250, 245, 240, 220, 175, 105, 45]),
    ('cone_beam', 1.00, 1.05, 0.03, [1, 9, 9, 8, 9, 11, 12, 10, 5, 2]),
    ('dental_cone_beam', 1.00, 1.02, 0, [0.1, 0.6, 0, 0, 0, 0, 0, 1.5, 1, 0.3]),
    ('interventional', 0.75, 1.35, 0.45, [0.5, 1, 3, 6, 12, 24, 38, 50, 45, 25])
) as rate (kind, women, exams_per_patient, inpatient, patients_per_1000);

-- Lines of no list (consultations, nursing, laboratory): how often an age needs them, against the mean that the caller asks for.
create or replace table other_rate as
select [0.75, 0.45, 0.55, 0.65, 0.75, 0.95, 1.3, 1.9, 2.9, 3.6]::double[] as factor;

-- Births per 1,000 women and year; pregnancies that end without a delivery, against those that end with one.
create or replace macro share_of_losses() as 0.15;
create or replace table fertility as
select
    unnest(range(age_from, age_to + 1)) as age,
    -- As draws: below the first a woman delivers in the year, below the second she loses a pregnancy.
    births_per_1000 / 1000 * 4294967296.0 as delivery_limit,
    births_per_1000 / 1000 * 4294967296.0 * (1 + share_of_losses()) as pregnancy_limit
from (values (15, 19, 4), (20, 24, 33), (25, 29, 102), (30, 34, 126), (35, 39, 62), (40, 44, 13), (45, 49, 1)) as rate (age_from, age_to, births_per_1000);
create or replace macro share_caesarean(age) as 0.212 + 0.008 * (age - 31);
create or replace macro share_home() as 0.007;

-- What is billed around a delivery. Each act happens with its probability, on a day between days_before - spread and days_before + spread
-- (negative: after the delivery). 'delivery' is the kind of the delivery itself.
create or replace table perinatal_act as
select *
from (
    values
    (1, 'delivery', 1.0, 0, 0, 'the delivery'),
    (2, 'delivery', 0.01, -16, 14, 'billed again, 2 to 30 days later'),
    (3, 'delivery', 0.0006, -52, 20, 'and once more: a chain, or beyond the 30 days'),
    (4, 'second_code', 0.035, 0, 0, 'a second code on the same day'),
    (5, 'delivery_supplement', 0.5, 0, 0, 'monitoring supplement, no delivery'),
    (10, 'obstetric_ultrasound', 0.65, 232, 14, 'early ultrasound'),
    (11, 'obstetric_ultrasound', 0.97, 192, 10, 'first trimester'),
    (12, 'obstetric_ultrasound', 0.97, 126, 8, 'second trimester'),
    (13, 'obstetric_ultrasound', 0.96, 56, 10, 'third trimester'),
    (14, 'obstetric_ultrasound', 0.45, 34, 10, 'additional'),
    (15, 'obstetric_ultrasound', 0.35, 14, 12, 'additional, near term'),
    (16, 'obstetric_ultrasound', 0.02, 283, 6, 'on the edge of the window'),
    (17, 'obstetric_ultrasound', 0.05, -30, 12, 'after the delivery: belongs to no delivery, or to the next'),
    (20, 'invasive_obstetric', 0.012, 168, 14, 'amniocentesis'),
    (30, 'cardiotocography', 0.85, 11, 3, 'monitoring'),
    (31, 'cardiotocography', 0.70, 6, 3, 'monitoring'),
    (32, 'cardiotocography', 0.40, 1, 1, 'monitoring, the delivery day included'),
    (33, 'cardiotocography', 0.40, 24, 9, 'monitoring, before the window or on its edge'),
    (34, 'midwife_postnatal', 0.62, -5, 3, 'postnatal care at home'),
    (35, 'midwife_postnatal', 0.35, -14, 6, 'postnatal care at home'),
    (36, 'midwife_postnatal', 0.06, -42, 6, 'on the edge of the postnatal window')
) as act (act, kind, probability, days_before, spread, meaning);

-- The kinds of service and their codes: those of the nomenclature with one of the articles (null: any), one of the categories and the prefix (null:
-- any), or those of a code list. Qualification of the performer (null: not delivered), amount in eurocents.
-- The numbers are part of the draws: append, do not renumber.
create or replace table service_kind as
select *, scramble(kind_number + 100) % 2147483648 | 1 as multiplier    -- odd, for a quick draw by kind
from (
    values
    (0, 'other', null, null, null, null, null, 2500),
    (1, 'ct', ['17'], ['ct'], null, null, '930', 9000),
    (2, 'mri', ['17'], ['mri'], null, null, '930', 14000),
    (3, 'radiography', ['17'], ['radiography', 'unknown'], null, null, '930', 2200),
    (4, 'mammography', ['17'], ['mammography'], null, null, '930', 6500),
    (5, 'ultrasound', ['17bis'], ['ultrasound', 'echocardiography'], null, null, '930', 3300),
    (6, 'ultrasound_specialist', ['17quater'], ['ultrasound', 'echocardiography'], null, null, '730', 4800),
    (7, 'radiography_specialist', ['17ter'], ['radiography'], null, null, '480', 1700),
    (8, 'dental', ['5'], ['dental'], '307', null, '301', 1600),
    (9, 'dental_child', ['5'], ['dental'], '377', null, '301', 1600),
    (10, 'cone_beam', ['17'], ['cbct', 'cbct_dental'], null, null, '930', 7500),
    (11, 'dental_cone_beam', ['5'], ['cbct_dental'], null, null, '301', 7500),
    (12, 'interventional', ['34'], ['interventional'], null, null, '580', 60000),
    (20, 'obstetric_ultrasound', ['17bis', '17quater'], ['obstetric_ultrasound'], null, null, '340', 4000),
    (21, 'cardiotocography', null, ['cardiotocography'], null, null, '340', 2500),
    (22, 'invasive_obstetric', null, ['invasive_obstetric'], null, null, '340', 9000),
    (23, 'caesarean', null, null, null, 'DELIVERY_CAESAREAN', '340', 45000),
    (24, 'vaginal_hospital', null, null, null, 'DELIVERY_VAGINAL_HOSPITAL', '340', 40000),
    (25, 'home', null, null, null, 'DELIVERY_HOME', null, 45000),
    (26, 'delivery_supplement', null, ['delivery_supplement'], null, null, '340', 6000),
    (27, 'midwife_postnatal', null, null, null, 'MIDWIFE_POSTNATAL', null, 4000)
) as kind (kind_number, kind, articles, categories, code_prefix, list_code, qualification, amount_eurocents);

-- How often a code is drawn: 1 / its rank within its kind, labelled codes first, unless it is listed here.
create or replace table code_weight as
select *
from (
    values
    ('424023', 6.0), ('424012', 6.0),       -- delivery by a gynaecologist: the usual one
    ('424082', 0.01), ('424071', 0.01),     -- embryotomy: hardly ever
    ('423021', 0.05), ('423010', 0.05)      -- by a general practitioner
) as weight (code, weight);
