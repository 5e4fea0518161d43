-- Every card has every field in every language, without an unfilled placeholder.

{% set fields = [
    'title', 'description', 'coding', 'calculation', 'available_since', 'smallest_geographic_level', 'characteristics', 'update_frequency',
    'recommended_reference', 'definition_reference', 'metadata_updated', 'source_variables', 'keywords', 'sdmx_unit_measure', 'basis',
] %}

with declared as (

    select * from {{ ref('int_statistic') }}

),

statistic as (

    select * from {{ ref('statistic') }}

),

remark as (

    select * from {{ ref('statistic_remark') }}

),

described_column as (

    select * from {{ ref('statistic_column') }}

),

expected as (

    {% for language in languages() %}
        select
            code,
            '{{ language }}' as language
        from declared
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

field_text as (

    {% for field in fields %}
        select
            code,
            language,
            '{{ field }}' as field,
            cast({{ field }} as string) as text
        from statistic
        union all
    {% endfor %}
    select
        code,
        language,
        'remark ' || remark_code as field,
        remark as text
    from remark
    union all
    select
        code,
        language,
        'column ' || column_name as field,
        description as text
    from described_column

),

failure as (

    select
        expected.code || ' ' || expected.language as item,
        'no row in table statistic' as failure_reason
    from expected
    left join statistic
        on
            expected.code = statistic.code
            and expected.language = statistic.language
    where statistic.code is null
    union all
    select
        expected.code || ' ' || expected.language as item,
        'card without a remark' as failure_reason
    from expected
    left join remark
        on
            expected.code = remark.code
            and expected.language = remark.language
    where remark.code is null
    union all
    select
        code || ' ' || language || ' ' || field as item,
        case when instr(text, '{') > 0 then 'unfilled placeholder: ' || text else 'empty field' end as failure_reason
    from field_text
    where coalesce(trim(text), '') = '' or instr(text, '{') > 0

)

select * from failure
