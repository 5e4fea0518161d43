-- Belgium's cells are the sum of the regions and of the people without a known address (card), who are counted here directly from the people rooms,
-- apart from the roll-up that made the cells. And nobody is lost or doubled on the way from the people rooms to Belgium.
{%- set is_tested = in_years_to_test('reference_year') %}

with delivery as (

    select * from {{ ref('int_delivery') }}
    where {{ is_tested }}

),

prenatal_act as (

    select * from {{ ref('int_prenatal_act') }}
    where {{ is_tested }}

),

imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where geo_level in ('country', 'region') and {{ is_tested }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where geo_level in ('country', 'region') and {{ is_tested }}

),

prenatal_cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where geo_level in ('country', 'region') and {{ is_tested }}

),

people_count as (

    select
        reference_year,
        count(*) as beneficiaries
    from {{ ref('int_beneficiary') }}
    where {{ is_tested }}
    group by reference_year

),

without_address as (

    select
        reference_year,
        person_id,
        age,
        increased_reimbursement
    from {{ ref('int_beneficiary') }}
    where municipality_code is null and {{ is_tested }}

),

-- millions of claims meet the few people without a known address once
use_without_address as (

    select
        without_address.reference_year,
        age.age_category,
    {%- for exams in imaging_variables() | map('lower') %}
        person_claim.{{ exams }}{{ ',' if not loop.last }}
    {%- endfor %}
    from without_address
    inner join {{ ref('int_person_claim') }} as person_claim
        on
            without_address.reference_year = person_claim.reference_year
            and without_address.person_id = person_claim.person_id
    {{ join_age_category('without_address.age', 'decennial', 'age') }}

),

-- one row is a number of people without a known address, as it must stand between Belgium and its regions
people_without_address as (

    select
        without_address.reference_year,
        'beneficiaries ' || age.age_category as what,
        count(*) as number
    from without_address
    {{ join_age_category('without_address.age', 'decennial', 'age') }}
    group by without_address.reference_year, age.age_category
    union all
    {%- for variable in imaging_variables() %}
        select
            reference_year,
            'patients {{ variable }} ' || age_category as what,
            count(*) as number
        from use_without_address
        where {{ variable | lower }} > 0
        group by reference_year, age_category
        union all
        select
            reference_year,
            'exams {{ variable }} ' || age_category as what,
            sum({{ variable | lower }}) as number
        from use_without_address
        group by reference_year, age_category
        union all
    {%- endfor %}
    select
        without_address.reference_year,
        'deliveries ' || age.age_category || ' ' || without_address.increased_reimbursement as what,
        count(*) as number
    from without_address
    inner join delivery
        on
            without_address.reference_year = delivery.reference_year
            and without_address.person_id = delivery.person_id
    {{ join_age_category('without_address.age', 'maternal', 'age') }}
    group by without_address.reference_year, age.age_category, without_address.increased_reimbursement
    union all
    select
        without_address.reference_year,
        'acts ' || prenatal_act.procedure_type || ' ' || age.age_category || ' ' || without_address.increased_reimbursement as what,
        sum(prenatal_act.acts) as number
    from without_address
    inner join prenatal_act
        on
            without_address.reference_year = prenatal_act.reference_year
            and without_address.person_id = prenatal_act.person_id
    {{ join_age_category('without_address.age', 'maternal', 'age') }}
    group by without_address.reference_year, prenatal_act.procedure_type, age.age_category, without_address.increased_reimbursement

),

-- the same number from the cells: Belgium less its regions
cell_difference as (

    select
        reference_year,
        'beneficiaries ' || age_category as what,
        -- they stand beside every variable: once is enough
        sum(case when geo_level = 'country' then beneficiaries else -beneficiaries end) as number
    from imaging_cell
    where age_category <> 'total' and variable = 'IMAG_CT_N'
    group by reference_year, age_category
    union all
    select
        reference_year,
        'patients ' || variable || ' ' || age_category as what,
        sum(case when geo_level = 'country' then patients else -patients end) as number
    from imaging_cell
    where age_category <> 'total'
    group by reference_year, variable, age_category
    union all
    select
        reference_year,
        'exams ' || variable || ' ' || age_category as what,
        sum(case when geo_level = 'country' then exams else -exams end) as number
    from imaging_cell
    where age_category <> 'total'
    group by reference_year, variable, age_category
    union all
    select
        reference_year,
        'deliveries ' || age_category || ' ' || increased_reimbursement as what,
        sum(case when geo_level = 'country' then deliveries else -deliveries end) as number
    from delivery_cell
    where age_category <> 'total' and increased_reimbursement <> 'total'
    group by reference_year, age_category, increased_reimbursement
    union all
    select
        reference_year,
        'acts ' || procedure_type || ' ' || age_category || ' ' || increased_reimbursement as what,
        sum(case when geo_level = 'country' then acts else -acts end) as number
    from prenatal_cell
    where age_category <> 'total' and increased_reimbursement <> 'total' and procedure_type <> 'total'
    group by reference_year, procedure_type, age_category, increased_reimbursement

),

unbalanced as (

    select
        cell_difference.reference_year || ' ' || cell_difference.what as item,
        'Belgium less its regions is ' || cell_difference.number || ', people without a known address have ' || coalesce(people_without_address.number, 0)
            as failure_reason
    from cell_difference
    left join people_without_address
        on
            cell_difference.reference_year = people_without_address.reference_year
            and cell_difference.what = people_without_address.what
    where cell_difference.number <> coalesce(people_without_address.number, 0)

),

lost as (

    select distinct
        imaging_cell.reference_year || ' beneficiaries total' as item,
        'Belgium has ' || imaging_cell.beneficiaries || ', the people rooms have ' || coalesce(people_count.beneficiaries, 0) as failure_reason
    from imaging_cell
    left join people_count on imaging_cell.reference_year = people_count.reference_year
    where
        imaging_cell.geo_level = 'country'
        and imaging_cell.age_category = 'total'
        and imaging_cell.beneficiaries <> coalesce(people_count.beneficiaries, 0)

),

failure as (

    select * from unbalanced
    union all
    select * from lost

)

select * from failure
