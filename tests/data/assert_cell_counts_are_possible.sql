-- No cell has impossible counts: a part larger than its whole, examinations without a patient, women without a delivery.
{%- set is_tested = in_years_to_test('reference_year') %}

with imaging as (

    select
        'int_imaging_cell' as cell_table,
        reference_year,
        geo_level,
        geo_code,
        {{ values_in_words(family_filters('imaging') + ['variable']) }} as filters,
        case
            when patients < 0 or exams < 0 or beneficiaries < 0 then 'negative number'
            when patients > beneficiaries then 'more patients than beneficiaries'
            when patients > exams then 'more patients than examinations'
            when patients = 0 and exams > 0 then 'examinations without a patient'
            when geo_level = 'statistical_sector' and beneficiaries = 0 then 'sector without beneficiaries'
            when geo_level = 'statistical_sector' and reference_year < {{ var('first_sector_year') }} then 'sector before {{ var("first_sector_year") }}'
            when max(beneficiaries) over of_unit <> min(beneficiaries) over of_unit then 'beneficiaries differ between the imaging variables'
        end as failure_reason
    from {{ ref('int_imaging_cell') }}
    where {{ is_tested }}
    window of_unit as (partition by reference_year, geo_level, geo_code, {{ columns_of(family_filters('imaging'), trailing=false) }})

),

delivery as (

    select
        'int_delivery_cell' as cell_table,
        reference_year,
        geo_level,
        geo_code,
        {{ values_in_words(family_filters('perinatal')) }} as filters,
        deliveries,
        women,
        caesareans,
        caesarean_women
    from {{ ref('int_delivery_cell') }}
    where {{ is_tested }}
    union all
    select
        'int_hospital_delivery_cell' as cell_table,
        reference_year,
        geo_level,
        geo_code,
        '' as filters,
        deliveries,
        women,
        caesareans,
        caesarean_women
    from {{ ref('int_hospital_delivery_cell') }}
    where {{ is_tested }}

),

delivered as (

    select
        cell_table,
        reference_year,
        geo_level,
        geo_code,
        filters,
        case
            when deliveries < 0 or women < 0 or caesareans < 0 or caesarean_women < 0 then 'negative number'
            when women > deliveries then 'more women than deliveries'
            when women = 0 and deliveries > 0 then 'deliveries without a woman'
            when caesareans > deliveries then 'more caesareans than deliveries'
            when caesarean_women > caesareans then 'more women with a caesarean than caesareans'
            when caesarean_women = 0 and caesareans > 0 then 'caesareans without a woman'
            when caesarean_women > women then 'more women with a caesarean than women'
            when geo_level = 'hospital' and deliveries = 0 then 'hospital without deliveries'
        end as failure_reason
    from delivery

),

prenatal as (

    select
        'int_prenatal_cell' as cell_table,
        cell.reference_year,
        cell.geo_level,
        cell.geo_code,
        {{ values_in_words(variable_filters('prenatal_acts'), 'cell') }} as filters,
        cell.acts,
        cell.act_women,
        delivery_cell.women
    from {{ ref('int_prenatal_cell') }} as cell
    left join {{ ref('int_delivery_cell') }} as delivery_cell
        on
            {{ is_same_cell('cell', 'delivery_cell', family_filters('perinatal')) }}
    where cell.{{ is_tested }}
    union all
    select
        'int_hospital_prenatal_cell' as cell_table,
        cell.reference_year,
        cell.geo_level,
        cell.geo_code,
        {{ values_in_words(variable_filters('prenatal_acts', 'hospital'), 'cell') }} as filters,
        cell.acts,
        cell.act_women,
        delivery_cell.women
    from {{ ref('int_hospital_prenatal_cell') }} as cell
    left join {{ ref('int_hospital_delivery_cell') }} as delivery_cell
        on
            {{ is_same_cell('cell', 'delivery_cell') }}
    where cell.{{ is_tested }}

),

preceded as (

    select
        cell_table,
        reference_year,
        geo_level,
        geo_code,
        filters,
        case
            when women is null then 'no denominator: the cell of deliveries is missing'
            when acts < 0 or act_women < 0 then 'negative number'
            when act_women > women then 'more women with acts than women with a delivery'
            when act_women > acts then 'more women than acts'
            when act_women = 0 and acts > 0 then 'acts without a woman'
        end as failure_reason
    from prenatal

),

postnatal as (

    select
        'int_postnatal_cell' as cell_table,
        cell.reference_year,
        cell.geo_level,
        cell.geo_code,
        {{ values_in_words(family_filters('perinatal'), 'cell') }} as filters,
        case
            when delivery_cell.women is null then 'no denominator: the cell of deliveries is missing'
            when cell.deliveries_without < cell.women_without or cell.women_without < 0 then 'more women than deliveries, or a negative number'
            when cell.deliveries_without > delivery_cell.deliveries then 'more deliveries without a contact than deliveries'
            when cell.women_without > delivery_cell.women then 'more women without a contact than women'
        end as failure_reason
    from {{ ref('int_postnatal_cell') }} as cell
    left join {{ ref('int_delivery_cell') }} as delivery_cell
        on
            {{ is_same_cell('cell', 'delivery_cell', family_filters('perinatal')) }}
    where cell.{{ is_tested }}

),

failure as (

    select * from imaging
    union all
    select * from delivered
    union all
    select * from preceded
    union all
    select * from postnatal

)

select * from failure
where failure_reason is not null
