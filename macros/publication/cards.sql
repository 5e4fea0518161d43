{# How the sentences of the metadata cards take up the words and numbers that other seeds and variables own. #}

{# The SQL that fills the placeholders of one text, so that no sentence spells out the number of a rule.
   Arguments: text_expression (SQL expression, text); words (mapping: `x: expression` replaces `{x}` by an expression of type text).
   The variables named below replace their own names in every text. A placeholder that nobody fills stays in the text, and a data
   test reports it; an expression that is null makes the whole text null, which is reported as well. Returns: SQL expression, text. #}
{% macro fill_placeholders(text_expression, words) %}
    {%- set filled = namespace(sql=text_expression) -%}
    {%- for name, expression in words.items() -%}
        {%- set filled.sql = "replace(" ~ filled.sql ~ ", '{" ~ name ~ "}', " ~ expression ~ ")" -%}
    {%- endfor -%}
    {%- for name in ['delivery_gap_days', 'first_sector_year', 'geography_vintage', 'small_cell_threshold'] -%}
        {%- set filled.sql = "replace(" ~ filled.sql ~ ", '{" ~ name ~ "}', '" ~ var(name) ~ "')" -%}
    {%- endfor -%}
    {{- filled.sql -}}
{% endmacro %}

{# A text with a capital first letter. Argument: text_expression (SQL expression, text). Returns: SQL expression, text. #}
{% macro capitalised(text_expression) -%}
    upper(substr({{ text_expression }}, 1, 1)) || substr({{ text_expression }}, 2)
{%- endmacro %}

{# A date the way the cards write it. Argument: day (SQL expression, date). Returns: SQL expression, text dd/mm/yyyy. #}
{% macro card_date(day) -%}
    lpad(cast(extract(day from {{ day }}) as string), 2, '0')
    || '/' || lpad(cast(extract(month from {{ day }}) as string), 2, '0')
    || '/' || cast(extract(year from {{ day }}) as string)
{%- endmacro %}

{# The rows of one dimension of the seed card_label, with the columns that every public dimension shares.
   Arguments: dimension (text, as in the seed), code_column (text, the name that the tables give to the code).
   Returns: a select statement; columns code_column, sort_order, label_nl, label_fr, label_en, sdmx_codelist, sdmx_code. #}
{% macro labels_of(dimension, code_column) -%}
    select
        code as {{ code_column }},
        sort_order,
        label_nl,
        label_fr,
        label_en,
        sdmx_codelist,
        sdmx_code
    from {{ ref('card_label') }}
    where dimension = '{{ dimension }}'
{%- endmacro %}

{# What every mart declares about itself in `meta.statistic`, as rows to compare with its card.
   Returns: a select statement, one row a mart with the declaration; columns code, family, measure, variable, per, filters,
   smallest_level, first_year, all text, null as the empty text. While dbt parses (or sqlfluff lints) there is no graph and no row. #}
{% macro declared_statistics() -%}
    {%- set fields = ['family', 'measure', 'variable', 'per', 'filters', 'smallest_level', 'first_year'] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('statistic') -%}
            {%- set statistic = node.config.meta.statistic -%}
            select '{{ node.name }}' as code
            {%- for field in fields -%}
                {%- set declared = statistic.get(field) -%}
                {%- set declared = declared | join(';') if declared is sequence and declared is not string else declared -%}
                , '{{ declared if declared is not none else '' }}' as {{ field }}
            {%- endfor %}
            union all
        {% endfor -%}
    {%- endif -%}
    select '' as code{% for field in fields %}, '' as {{ field }}{% endfor %} where 1 = 0
{%- endmacro %}
