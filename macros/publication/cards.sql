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
    {%- for name in ['delivery_gap_days', 'first_postnatal_day', 'first_sector_year', 'last_postnatal_day', 'geography_vintage', 'performer_from', 'small_cell_threshold'] -%}
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

{# The texts of one topic of the seed `text`. Argument: topic (text). Returns: a query; one row a key and language, columns key, language, text. #}
{% macro texts_of(topic) -%}
    select
        key,
        language,
        text
    from {{ ref('text') }}
    where topic = '{{ topic }}'
{%- endmacro %}

{# The texts of one topic with the languages side by side. Arguments: topic (text), column (text: the columns are named column_nl, column_fr, ...).
   Returns: a query; one row a key, columns key and one a language, null where the text is missing. #}
{% macro texts_side_by_side(topic, column='label') -%}
    select
        key,
        {%- for language in languages() %}
        max(case when language = '{{ language }}' then text end) as {{ column }}_{{ language }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('text') }}
    where topic = '{{ topic }}'
    group by key
{%- endmacro %}

{# The columns of texts_side_by_side, for a select list. Arguments: relation (text), column (text). Returns: text, columns separated by commas. #}
{% macro language_columns(relation, column='label') -%}
    {%- for language in languages() -%}
        {{ relation }}.{{ column }}_{{ language }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The rows of a public dimension: its codes with labels and SDMX codes. The model is named dim_<column>: 'geo_level', or a filter without classes.
   Returns: a query; one row a code (a filter's total included), columns named as the dimension, sort_order, label_nl, label_fr, label_en, sdmx_codelist, sdmx_code. #}
{% macro dimension_table() -%}
{%- set column = public_name(model.name) %}
with member as (

    {% if column == 'geo_level' -%}
        {%- set rows = [] -%}
        {%- for row in geographic_levels() -%}
            {%- do rows.append({'geo_level': row.level, 'sort_order': loop.index, 'sdmx_code': row.level | upper}) -%}
        {%- endfor -%}
        {{ rows_of(rows) }}
    {%- else -%}
        {{ filter_members(column) }}
    {%- endif %}

),

label as (

    {{ texts_side_by_side(column) }}

),

labelled as (

    select
        member.{{ column }},
        cast(member.sort_order as int) as sort_order,
        {{ language_columns('label') }},
        -- SDMX has no cross-domain list of these codes: they are of this project
        cast(null as string) as sdmx_codelist,
        member.sdmx_code
    from member
    left join label on member.{{ column }} = label.key

)

select * from labelled
{%- endmacro %}

{# The statistics that the marts declare (`meta.statistic`, set by statistic_table), read from dbt's graph. Returns: list of mappings code, statistic, in the
   order of their codes; empty while dbt parses or sqlfluff lints, when there is no graph. #}
{% macro statistics_in_graph() %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') if node.config.meta.get('statistic') -%}
            {%- do found.append({'code': node.name, 'statistic': node.config.meta.statistic}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# The declarations of the marts as rows. Returns: a query; one row a mart, columns code and the properties of a declaration (macro statistic_declaration)
   except `related`, all as string, lists separated by semicolons, null where there is none. #}
{% macro declared_statistics() -%}
    {%- set fields = [
        'kind', 'family', 'measure', 'variable', 'place', 'performer', 'per', 'filters', 'smallest_level', 'first_year', 'source_variables', 'keywords',
        'basis', 'card_date'
    ] -%}
    {%- for row in statistics_in_graph() %}
    select
        '{{ row.code }}' as code,
        {%- for field in fields %}
        {%- set declared = row.statistic.get(field) %}
        {%- set declared = declared | join(';') if declared is sequence and declared is not string else declared %}
        {{ "'" ~ declared ~ "'" if declared is not none and declared | string else 'cast(null as string)' }} as {{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    union all
    {%- endfor %}
    select
        cast(null as string) as code,
        {%- for field in fields %}
        cast(null as string) as {{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    where 1 = 0
{%- endmacro %}

{# What the marts declare as related. Returns: a query; one row a code and related code, columns code, position (integer, from 1), related_code. #}
{% macro declared_relations() -%}
    {%- for row in statistics_in_graph() %}
    {%- for related in row.statistic.related %}
    select '{{ row.code }}' as code, {{ loop.index }} as position, '{{ related }}' as related_code
    union all
    {%- endfor %}
    {%- endfor %}
    select cast(null as string) as code, 0 as position, cast(null as string) as related_code
    where 1 = 0
{%- endmacro %}
