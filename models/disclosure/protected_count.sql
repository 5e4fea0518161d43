-- One row is a count that is published, before suppression: a denominator (beneficiaries, deliveries) or a numerator (patients, caesareans, acts) of a
-- year, unit and combination of filters, with the persons behind it. A table that lacks a filter has 'total' in it.

with imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where
        (age_category = 'total' or reference_year >= {{ var('first_filter_year') }})
        and {{ in_years_to_build('reference_year', 'masked') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

prenatal_cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

hospital_delivery_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

hospital_prenatal_cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

-- deliveries by residence and by hospital have the same columns once the hospital cells name their filters
place_of_delivery as (

    select
        '' as prefix,
        reference_year,
        geo_level,
        geo_code,
        age_category,
        increased_reimbursement,
        deliveries,
        women,
        caesareans,
        caesarean_women
    from delivery_cell
    union all
    select
        'hospital_' as prefix,
        reference_year,
        geo_level,
        geo_code,
        'total' as age_category,
        'total' as increased_reimbursement,
        deliveries,
        women,
        caesareans,
        caesarean_women
    from hospital_delivery_cell

),

prenatal as (

    select
        '' as prefix,
        reference_year,
        geo_level,
        geo_code,
        procedure_type,
        age_category,
        increased_reimbursement,
        acts,
        act_women
    from prenatal_cell
    union all
    select
        'hospital_' as prefix,
        reference_year,
        geo_level,
        geo_code,
        procedure_type,
        'total' as age_category,
        'total' as increased_reimbursement,
        acts,
        act_women
    from hospital_prenatal_cell

),

-- headroom: the cases that the count could hold beside its own under its denominator; null where any number is possible
counted as (

    -- the variables of a year and unit repeat their beneficiaries
    select
        reference_year,
        'beneficiaries' as series,
        cast(null as text) as denominator_series,
        geo_level,
        geo_code,
        'total' as procedure_type,
        age_category,
        'total' as increased_reimbursement,
        max(beneficiaries) as cases,
        cast(null as bigint) as volume,
        cast(null as bigint) as denominator,
        max(beneficiaries) as persons,
        cast(null as bigint) as denominator_persons,
        cast(null as bigint) as headroom
    from imaging_cell
    group by reference_year, geo_level, geo_code, age_category
    union all
    select
        reference_year,
        variable as series,
        'beneficiaries' as denominator_series,
        geo_level,
        geo_code,
        'total' as procedure_type,
        age_category,
        'total' as increased_reimbursement,
        patients as cases,
        exams as volume,
        beneficiaries as denominator,
        patients as persons,
        beneficiaries as denominator_persons,
        beneficiaries - patients as headroom
    from imaging_cell
    union all
    select
        reference_year,
        prefix || 'deliveries' as series,
        cast(null as text) as denominator_series,
        geo_level,
        geo_code,
        'total' as procedure_type,
        age_category,
        increased_reimbursement,
        deliveries as cases,
        cast(null as bigint) as volume,
        cast(null as bigint) as denominator,
        women as persons,
        cast(null as bigint) as denominator_persons,
        cast(null as bigint) as headroom
    from place_of_delivery
    union all
    select
        reference_year,
        prefix || 'caesareans' as series,
        prefix || 'deliveries' as denominator_series,
        geo_level,
        geo_code,
        'total' as procedure_type,
        age_category,
        increased_reimbursement,
        caesareans as cases,
        cast(null as bigint) as volume,
        deliveries as denominator,
        caesarean_women as persons,
        women as denominator_persons,
        deliveries - caesareans as headroom
    from place_of_delivery
    union all
    select
        prenatal.reference_year,
        prenatal.prefix || 'acts' as series,
        prenatal.prefix || 'deliveries' as denominator_series,
        prenatal.geo_level,
        prenatal.geo_code,
        prenatal.procedure_type,
        prenatal.age_category,
        prenatal.increased_reimbursement,
        prenatal.acts as cases,
        cast(null as bigint) as volume,
        place_of_delivery.deliveries as denominator,
        prenatal.act_women as persons,
        place_of_delivery.women as denominator_persons,
        cast(null as bigint) as headroom
    from prenatal
    inner join place_of_delivery
        on
            prenatal.prefix = place_of_delivery.prefix
            and prenatal.reference_year = place_of_delivery.reference_year
            and prenatal.geo_level = place_of_delivery.geo_level
            and prenatal.geo_code = place_of_delivery.geo_code
            and prenatal.age_category = place_of_delivery.age_category
            and prenatal.increased_reimbursement = place_of_delivery.increased_reimbursement

)

select * from counted
