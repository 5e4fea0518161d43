-- The cells of Belgium are the sum of the regions and of the people without a known address (card), who are counted here from the person-level tables,
-- without the roll-up that computes the cells. And Belgium has as many beneficiaries as the person-level table.
{{ config(group = 'persons', tags = ['spark'], enabled = target.name != 'duckdb_and_spark') }}
{%- set is_tested = in_years_to_test('reference_year') %}
{%- set imaging_filters = family_filters('imaging') %}
{%- set perinatal_filters = family_filters('perinatal') %}
{%- set act_filters = variables().prenatal_acts.numerator_filters %}
{%- set schemes = {'imaging': families().imaging.scheme, 'perinatal': families().perinatal.scheme} %}

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

    select * from {{ ref('int_beneficiary') }}
    where municipality_code is null and {{ is_tested }}

),

imaging_person as (

    select
        {{ person_filter_columns(imaging_filters, 'person') }}
        person.reference_year,
        person.person_id
    from without_address as person
    {{- join_filter_classes(imaging_filters, schemes.imaging, 'person') }}

),

perinatal_person as (

    select
        {{ person_filter_columns(perinatal_filters, 'person') }}
        person.reference_year,
        person.person_id
    from without_address as person
    {{- join_filter_classes(perinatal_filters, schemes.perinatal, 'person') }}

),

-- millions of claims are joined to the few people without a known address once
use_without_address as (

    select
        {{ columns_of(imaging_filters, 'person') }}
        {%- for exams in imaging_variables() | map('lower') %}
            imaging_use.{{ exams }},
        {%- endfor %}
        person.reference_year
    from imaging_person as person
    inner join {{ ref('int_imaging_use') }} as imaging_use
        on
            person.reference_year = imaging_use.reference_year
            and person.person_id = imaging_use.person_id

),

-- one row is a number of people without a known address: the difference between Belgium and its regions
people_without_address as (

    select
        reference_year,
        'beneficiaries' || {{ values_in_words(imaging_filters) }} as what,
        count(*) as number
    from imaging_person
    group by all
    union all
    {%- for variable in imaging_variables() %}
        select
            reference_year,
            'patients {{ variable }}' || {{ values_in_words(imaging_filters) }} as what,
            count(*) as number
        from use_without_address
        where {{ variable | lower }} > 0
        group by all
        union all
        select
            reference_year,
            'exams {{ variable }}' || {{ values_in_words(imaging_filters) }} as what,
            sum({{ variable | lower }}) as number
        from use_without_address
        group by all
        union all
    {%- endfor %}
    select
        person.reference_year,
        'deliveries' || {{ values_in_words(perinatal_filters, 'person') }} as what,
        count(*) as number
    from perinatal_person as person
    inner join delivery
        on
            person.reference_year = delivery.reference_year
            and person.person_id = delivery.person_id
    group by all
    union all
    select
        person.reference_year,
        'acts' || {{ values_in_words(act_filters, 'prenatal_act') }} || {{ values_in_words(perinatal_filters, 'person') }} as what,
        sum(prenatal_act.acts) as number
    from perinatal_person as person
    inner join prenatal_act
        on
            person.reference_year = prenatal_act.reference_year
            and person.person_id = prenatal_act.person_id
    group by all

),

-- the same number from the cells
cell_difference as (

    select
        reference_year,
        'beneficiaries' || {{ values_in_words(imaging_filters) }} as what,
        {{ total_less_parts('geo_level', 'country', 'beneficiaries') }} as number
    from imaging_cell
    -- they are the same for every variable: one is enough
    where {{ is_part_of(imaging_filters) }} and variable = '{{ imaging_variables() | last }}'
    group by all
    union all
    {%- for measure in ['patients', 'exams'] %}
        select
            reference_year,
            '{{ measure }} ' || variable || {{ values_in_words(imaging_filters) }} as what,
            {{ total_less_parts('geo_level', 'country', measure) }} as number
        from imaging_cell
        where {{ is_part_of(imaging_filters) }}
        group by all
        union all
    {%- endfor %}
    select
        reference_year,
        'deliveries' || {{ values_in_words(perinatal_filters) }} as what,
        {{ total_less_parts('geo_level', 'country', 'deliveries') }} as number
    from delivery_cell
    where {{ is_part_of(perinatal_filters) }}
    group by all
    union all
    select
        reference_year,
        'acts' || {{ values_in_words(act_filters + perinatal_filters) }} as what,
        {{ total_less_parts('geo_level', 'country', 'acts') }} as number
    from prenatal_cell
    where {{ is_part_of(perinatal_filters + act_filters) }}
    group by all

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

incomplete as (

    select distinct
        cell.reference_year || ' beneficiaries total' as item,
        'Belgium has ' || cell.beneficiaries || ', int_beneficiary has ' || coalesce(people_count.beneficiaries, 0) as failure_reason
    from imaging_cell as cell
    left join people_count on cell.reference_year = people_count.reference_year
    where
        cell.geo_level = 'country'
        and {{ is_total_of(imaging_filters, 'cell') }}
        and cell.beneficiaries <> coalesce(people_count.beneficiaries, 0)

),

failure as (

    select * from unbalanced
    union all
    select * from incomplete

)

select * from failure
