{# What a residence code means, by IMA-AIM's own reading of PP0025 (the ranges are in the seed residence_code).
   Arguments: code (SQL bigint), known_code (SQL: not null when the reference geography has ever had the code), meaning (SQL: the seed's meaning).
   Returns: text expression 'known', 'abroad' or 'unknown'. An unrecognised code counts as unknown (project decision; the build counts a warning). #}
{% macro residence_status(code, known_code, meaning) -%}
    case
        when {{ code }} is null then 'unknown'
        when {{ meaning }} is not null then {{ meaning }}
        when {{ known_code }} is not null then 'known'
        else 'unknown'
    end
{%- endmacro %}

{# An attribute by its two lists: that of 31 December where it is usable, else that of 30 June (card: residence; project decision: the rest).
   Arguments: december_is_usable (SQL boolean), december, june (SQL). Returns: SQL expression. #}
{% macro december_else_june(december_is_usable, december, june) -%}
    case when {{ december_is_usable }} then {{ december }} else {{ june }} end
{%- endmacro %}

{# Whether an insurability code CT1 gives the right to increased reimbursement: its last digit is 1. Argument: code (SQL text).
   Returns: boolean expression, null for a code that is not three digits. DuckDB applies these functions to every different text, a regular expression to
   every row. #}
{% macro gives_increased_reimbursement(code) -%}
    case
        when
            length({{ code }}) = 3
            and substr({{ code }}, 1, 1) between '0' and '9'
            and substr({{ code }}, 2, 1) between '0' and '9'
            and substr({{ code }}, 3, 1) between '0' and '9'
            then substr({{ code }}, 3, 1) = '1'
    end
{%- endmacro %}

{# Stops the build when a list carries a municipality code that is younger than the published vintage: no crosswalk leads back to an older vintage.
   Returns: nothing. Raises a compiler error that names the codes and the vintage. #}
{% macro stop_on_younger_residence_codes() %}
    {#- a unit test has no lists -#}
    {% set residence = ref('int_residence_code_count') if not execute or model.resource_type == 'model' else none %}
    {% if execute and flags.WHICH in ['run', 'build'] and residence %}
        {% set query %}
            select distinct vintage.nis_code
            from {{ residence }} as residence
            inner join {{ ref('int_municipality_in_vintage') }} as vintage on residence.residence_code = cast(vintage.nis_code as bigint)
            where vintage.municipality_code is null and residence.reject_reason is null and {{ in_years_to_build('residence.load_year') }}
            order by vintage.nis_code
        {% endset %}
        {% set younger = run_query(query).columns[0].values() | join(', ') %}
        {% if younger %}
            {% do exceptions.raise_compiler_error(
                "The population lists carry municipality code " ~ younger ~ ", which is younger than geography_vintage " ~ var('geography_vintage')
                ~ ": a code can be carried forward to a newer geography, not back. Choose a later geography_vintage: " ~ vintages_in_words() ~ ". Or narrow the years with last_reference_year.") %}
        {% endif %}
    {% endif %}
{% endmacro %}
