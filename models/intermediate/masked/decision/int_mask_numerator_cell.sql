-- One row is a cell of a numerator (patients of a variable, caesareans, prenatal acts) in the two trees of the masking: unit and column, with whether
-- it must be hidden: too few persons behind it, or a denominator that is hidden. Exams are hidden with their patients.

with recursive geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where
        (age_category = 'total' or reference_year >= {{ var('first_filter_year') }})
        and {{ in_years_to_build('reference_year') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

prenatal_cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_delivery_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_prenatal_cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hidden_denominator as (

    {{ hidden_cells('denominator') }}

),

counted as (

    select
        reference_year,
        variable as series,
        geo_level,
        geo_code,
        age_category as column_code,
        {{ parent_column(['age_category']) }} as parent_column,
        {{ column_depth(['age_category']) }} as depth,
        reference_year < {{ var('first_filter_year') }} or age_category <> 'total' as is_leaf,
        patients as cases,
        beneficiaries - patients as room,
        beneficiaries > 0 as is_possible,
        {{ is_small_group('patients') }} as is_small_itself,
        'beneficiaries' as denominator_series,
        age_category as denominator_column
    from imaging_cell
    union all
    select
        reference_year,
        'caesareans' as series,
        geo_level,
        geo_code,
        {{ column_code(['age_category', 'increased_reimbursement']) }} as column_code,
        {{ parent_column(['age_category', 'increased_reimbursement']) }} as parent_column,
        {{ column_depth(['age_category', 'increased_reimbursement']) }} as depth,
        increased_reimbursement <> 'total' as is_leaf,
        caesareans as cases,
        deliveries - caesareans as room,
        deliveries > 0 as is_possible,
        {{ is_small_group('caesarean_women') }} or {{ is_small_group('caesareans') }} as is_small_itself,
        'deliveries' as denominator_series,
        {{ column_code(['age_category', 'increased_reimbursement']) }} as denominator_column
    from delivery_cell
    where {{ is_tree_column(['age_category', 'increased_reimbursement']) }}
    union all
    select
        prenatal_cell.reference_year,
        'acts' as series,
        prenatal_cell.geo_level,
        prenatal_cell.geo_code,
        {{ column_code(['procedure_type', 'age_category', 'increased_reimbursement'], 'prenatal_cell') }} as column_code,
        {{ parent_column(['procedure_type', 'age_category', 'increased_reimbursement'], 'prenatal_cell') }} as parent_column,
        {{ column_depth(['procedure_type', 'age_category', 'increased_reimbursement'], 'prenatal_cell') }} as depth,
        prenatal_cell.increased_reimbursement <> 'total' as is_leaf,
        prenatal_cell.acts as cases,
        cast(null as bigint) as room,
        delivery_cell.deliveries > 0 as is_possible,
        {{ is_small_group('prenatal_cell.act_women') }} or {{ is_small_group('prenatal_cell.acts') }} as is_small_itself,
        'deliveries' as denominator_series,
        {{ column_code(['age_category', 'increased_reimbursement'], 'prenatal_cell') }} as denominator_column
    from prenatal_cell
    inner join delivery_cell
        on
            prenatal_cell.reference_year = delivery_cell.reference_year
            and prenatal_cell.geo_level = delivery_cell.geo_level
            and prenatal_cell.geo_code = delivery_cell.geo_code
            and prenatal_cell.age_category = delivery_cell.age_category
            and prenatal_cell.increased_reimbursement = delivery_cell.increased_reimbursement
    where {{ is_tree_column(['procedure_type', 'age_category', 'increased_reimbursement'], 'prenatal_cell') }}
    union all
    select
        reference_year,
        'hospital_caesareans' as series,
        geo_level,
        geo_code,
        'total' as column_code,
        cast(null as text) as parent_column,
        0 as depth,
        true as is_leaf,
        caesareans as cases,
        deliveries - caesareans as room,
        true as is_possible,
        {{ is_small_group('caesarean_women') }} or {{ is_small_group('caesareans') }} as is_small_itself,
        'hospital_deliveries' as denominator_series,
        'total' as denominator_column
    from hospital_delivery_cell
    union all
    select
        reference_year,
        'hospital_acts' as series,
        geo_level,
        geo_code,
        procedure_type as column_code,
        {{ parent_column(['procedure_type']) }} as parent_column,
        {{ column_depth(['procedure_type']) }} as depth,
        procedure_type <> 'total' as is_leaf,
        acts as cases,
        cast(null as bigint) as room,
        true as is_possible,
        {{ is_small_group('act_women') }} or {{ is_small_group('acts') }} as is_small_itself,
        'hospital_deliveries' as denominator_series,
        'total' as denominator_column
    from hospital_prenatal_cell

),

stated as (

    select
        counted.reference_year,
        counted.series,
        counted.geo_level,
        counted.geo_code,
        counted.column_code,
        counted.parent_column,
        counted.depth,
        counted.is_leaf,
        counted.cases,
        counted.room,
        counted.is_possible or hidden_denominator.geo_code is not null as is_possible,
        counted.is_small_itself or hidden_denominator.geo_code is not null as is_small
    from counted
    left join hidden_denominator
        on
            counted.reference_year = hidden_denominator.reference_year
            and counted.denominator_series = hidden_denominator.series
            and counted.geo_level = hidden_denominator.geo_level
            and counted.geo_code = hidden_denominator.geo_code
            and counted.denominator_column = hidden_denominator.column_code

),

{{ place_cells() }}

select * from cell
