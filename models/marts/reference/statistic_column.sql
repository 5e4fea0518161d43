-- One row is a column of the published table of a cube or stat, described in one language.

{% set columns = ['reference_year', 'geo_level', 'geo_code'] + (filter_definitions() | list)
    + ['numerator', 'denominator', 'value', 'lower_95', 'upper_95', 'status'] %}

{% set words = {
    'numerator': 'card.numerator',
    'denominator': 'card.denominator',
    'coding': 'card.coding',
} %}

with card as (

    select * from {{ ref('int_card') }}

),

column_text as (

    {{ texts_of('column') }}

),

-- a column that is a filter belongs to the tables that have this filter, any other column to all
table_column as (

    {% for column in columns %}
        select
            code,
            language,
            {{ loop.index }} as sort_order,
            '{{ column }}' as column_name
        from card
        {% if column in filter_definitions() %}where ';' || filters || ';' like '%;{{ column }};%'{% endif %}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

described as (

    select
        card.code,
        card.language,
        cast(row_number() over (partition by card.code, card.language order by table_column.sort_order) as int) as position,
        table_column.column_name,
        {{ fill_placeholders('column_text.text', words) }} as description
    from card
    inner join table_column
        on
            card.code = table_column.code
            and card.language = table_column.language
    left join column_text
        on
            table_column.column_name = column_text.key
            and table_column.language = column_text.language

)

select * from described
