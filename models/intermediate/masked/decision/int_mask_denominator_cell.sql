-- One row is a cell of a denominator (beneficiaries, deliveries, deliveries in hospital) in the two trees of the masking: unit and column, with whether
-- it must be hidden. Denominators come first: all statistics of a family share theirs.

with recursive geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

-- the variables of a year and unit repeat their beneficiaries
beneficiary_cell as (

    select
        reference_year,
        geo_level,
        geo_code,
        age_category,
        max(beneficiaries) as beneficiaries
    from imaging_cell
    where age_category = 'total' or reference_year >= {{ var('first_filter_year') }}
    group by reference_year, geo_level, geo_code, age_category

),

stated as (

    select
        reference_year,
        'beneficiaries' as series,
        geo_level,
        geo_code,
        age_category as column_code,
        {{ parent_column(['age_category']) }} as parent_column,
        {{ column_depth(['age_category']) }} as depth,
        reference_year < {{ var('first_filter_year') }} or age_category <> 'total' as is_leaf,
        beneficiaries as cases,
        cast(null as bigint) as room,
        true as is_possible,
        {{ is_small_group('beneficiaries') }} as is_small
    from beneficiary_cell
    union all
    select
        reference_year,
        'deliveries' as series,
        geo_level,
        geo_code,
        {{ column_code(['age_category', 'increased_reimbursement']) }} as column_code,
        {{ parent_column(['age_category', 'increased_reimbursement']) }} as parent_column,
        {{ column_depth(['age_category', 'increased_reimbursement']) }} as depth,
        increased_reimbursement <> 'total' as is_leaf,
        deliveries as cases,
        cast(null as bigint) as room,
        true as is_possible,
        {{ is_small_group('women') }} or {{ is_small_group('deliveries') }} as is_small
    from delivery_cell
    where {{ is_tree_column(['age_category', 'increased_reimbursement']) }}
    union all
    select
        reference_year,
        'hospital_deliveries' as series,
        geo_level,
        geo_code,
        'total' as column_code,
        cast(null as text) as parent_column,
        0 as depth,
        true as is_leaf,
        deliveries as cases,
        cast(null as bigint) as room,
        true as is_possible,
        {{ is_small_group('women') }} or {{ is_small_group('deliveries') }} as is_small
    from hospital_cell

),

{{ place_cells() }}

select * from cell
