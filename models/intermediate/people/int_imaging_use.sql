-- One row is a person and a year of service with accepted records of a code list: the source variables IMAG_*_N of the cards, and what the warnings count.
-- N is the net number of cases, corrections included, and 0 if that is negative (project decision). The variable performer_from says by whom an examination
-- was performed: the article of its code, or the performer's qualification where that is known.
{{ config(materialized = 'yearly', meta = {'input': 'claims'}, tags = ['person_level']) }}

{%- set by_whom = performed_by() %}
{%- set lists_by_whom = "'" ~ (by_whom.values() | map(attribute='list_code') | join("', '")) ~ "'" %}

with claim as (

    select * from {{ ref('int_claim') }}
    where {{ in_years_to_build('reference_year', day = 'service_date') }}

),

qualification as (

    select * from {{ ref('provider_qualification') }}

),

performer as (

    select performer from {{ ref('int_code_membership') }}
    group by performer

),

list_set as (

    select * from {{ ref('int_list_set') }}

),

-- the pairs of performer and qualification that contradict each other
contradiction as (

    select
        performer.performer,
        qualification.qualification
    from performer
    inner join qualification
        on
            performer.performer <> qualification.performer_group
            and performer.performer in ('radiologist', 'specialist', 'dentist')
            and qualification.performer_group in ('radiologist', 'specialist', 'general_practitioner')

),

-- which variables a set of lists counts in: CT by a radiologist in two, a delivery in none
counted_in as (

    select
        list_set.list_set,
        coalesce(max(case when list_set.list_code in ({{ lists_by_whom }}) then 1 end), 0) as of_a_performer,
    {%- for variable in imaging_variables() %}
        coalesce(max(case when list_set.list_code = '{{ variables()[variable].list_code }}' then 1 end), 0) as {{ variable | lower }}{{ ',' if not loop.last }}
    {%- endfor %}
    from list_set
    group by list_set.list_set

),

summed as (

    select
        claim.reference_year,
        claim.person_id,
        {%- for variable in imaging_variables() %}
            {%- if var('performer_from') == 'qualification' and variable in by_whom %}
                cast(greatest(sum(claim.case_count * case
                    when known_performer.performer_group is null then counted_in.{{ variable | lower }}
                    when known_performer.performer_group = '{{ by_whom[variable].performer }}' then counted_in.of_a_performer
                    else 0
                end), 0) as bigint) as {{ variable | lower }},
            {%- else %}
                cast(greatest(sum(claim.case_count * counted_in.{{ variable | lower }}), 0) as bigint) as {{ variable | lower }},
            {%- endif %}
        {%- endfor %}
        count(*) as lines,
        count(contradiction.performer) as lines_of_other_performers,
        count(*) filter (where claim.is_outside_code_dates) as lines_outside_code_dates,
        count(*) filter (where claim.case_count > 0 and claim.amount_eurocents <= 0) as lines_without_reimbursement
    from claim
    inner join counted_in on claim.list_set = counted_in.list_set
    left join contradiction
        on
            claim.performer = contradiction.performer
            and claim.provider_qualification = contradiction.qualification
    {%- if var('performer_from') == 'qualification' %}
        -- a qualification that is not in the list, or whose group is unknown, leaves the decision to the article
        left join qualification as known_performer
            on
                claim.provider_qualification = known_performer.qualification
                and known_performer.performer_group <> 'unknown'
    {%- endif %}
    group by claim.reference_year, claim.person_id

)

select * from summed
