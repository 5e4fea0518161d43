{# What a mart declares, and what follows from it. #}

{# The declaration of one cube or stat: what follows from its kind, variable, measure and place (macros/lists.sql), and what a mart states beside them.
   Arguments
     kind            'cube' (split by the filters of the variable) or 'stat' (no filters, down to statistical sectors)
     variable        a variable of the list `variables`
     measure         'share', 'volume', 'mean' or 'count'
     place           'residence' (default) or 'hospital'
     basis           'card' when a published card of this code was at hand; 'pattern' (default): defined after the cards of its family; 'inferred': named on a
                     card, and the definition is this project's, from other public sources; 'own': IMA-AIM has no card of this statistic, the publisher defines it
     related         list of text: the codes that the card names as related, in its order
   and the exceptions, none of which any mart needs today: first_year (integer), smallest_level (text), card_date (text, YYYY-MM-DD).
   Returns: mapping kind, family, measure, variable, place, performer, per, filters, smallest_level, first_year, source_variables, keywords, basis, card_date, related.
   Raises a compiler error that names the wrong argument. #}
{% macro statistic_declaration(kind, variable, measure, place='residence', basis='pattern', related=[], first_year=none, smallest_level=none, card_date=none) %}
    {%- if kind not in ['cube', 'stat'] -%}
        {{ exceptions.raise_compiler_error("statistic_table: kind '" ~ kind ~ "' is neither cube nor stat") }}
    {%- endif -%}
    {%- if measure not in measure_definitions() -%}
        {{ exceptions.raise_compiler_error("statistic_table: no measure '" ~ measure ~ "'; known are " ~ (measure_definitions() | join(', '))) }}
    {%- endif -%}
    {%- if basis not in ['card', 'pattern', 'inferred', 'own'] -%}
        {{ exceptions.raise_compiler_error("statistic_table: basis '" ~ basis ~ "' is none of card, pattern, inferred and own") }}
    {%- endif -%}
    {%- set variable_filters = variable_filters(variable, place) -%}
    {%- set family_name = variables()[variable].family -%}
    {%- set family = families()[family_name] -%}
    {%- set level_of_kind = 'hospital' if place == 'hospital' else {'cube': 'municipality', 'stat': 'statistical_sector'}[kind] -%}
    {%- set year_of_kind = var('first_filter_year') if family_name == 'imaging' and kind == 'cube' else family.first_year -%}
    {{ return({
        'kind': kind,
        'family': family_name,
        'measure': measure,
        'variable': variable,
        'place': place,
        'performer': none if not variables()[variable].performer else 'any' if variables()[variable].performer == 'any' else 'one',
        'per': measure_definitions()[measure].per,
        'filters': variable_filters if kind == 'cube' else [],
        'smallest_level': smallest_level or level_of_kind,
        'first_year': first_year or year_of_kind,
        'source_variables': family.source_variables[place] if family.source_variables else [variable],
        'keywords': family.keywords,
        'basis': basis,
        'card_date': card_date or family.card_date,
        'related': related
    }) }}
{% endmacro %}

{# How many filters, keywords or source variables a card can list: three of a kind, and all filters. Returns: integer; a data test asserts it. #}
{% macro most_parts_of_card() %}
    {{ return([3, filter_definitions() | length] | max) }}
{% endmacro %}

{# Which cells of released_cell a statistic publishes: the only place that knows the suppression.
   Argument: statistic (a declaration). Returns: mapping series (text); numerator and denominator (SQL bigint); suppressed (SQL boolean: the numerator is
   suppressed; `is_denominator_suppressed` suppresses both). Raises a compiler error for an unknown combination. #}
{% macro cells_of_statistic(statistic) %}
    {%- set counts = {
        ('imaging', 'share'): {'series': statistic.variable, 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('imaging', 'volume'): {'series': statistic.variable, 'numerator': 'volume', 'suppressed': 'is_numerator_suppressed'},
        ('caesareans', 'share'): {'series': 'caesareans', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('no_postnatal_midwife', 'share'): {'series': 'no_postnatal_midwife', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('prenatal_acts', 'mean'): {'series': 'prenatal_acts', 'numerator': 'cases', 'suppressed': 'is_numerator_suppressed'},
        ('deliveries', 'count'): {'series': 'caesareans', 'numerator': 'denominator', 'suppressed': 'is_denominator_suppressed'}
    } -%}
    {%- set cells = counts.get(('imaging' if statistic.family == 'imaging' else statistic.variable, statistic.measure)) -%}
    {%- if cells is none -%}
        {{ exceptions.raise_compiler_error(
            "statistic_table: no measure '" ~ statistic.measure ~ "' of the variable '" ~ statistic.variable ~ "'; known are " ~ (counts.keys() | list)
        ) }}
    {%- endif -%}
    {%- do cells.update({
        'series': place_series(cells.series, statistic.place),
        'denominator': 'cast(null as bigint)' if statistic.per is none else 'denominator'
    }) -%}
    {{ return(cells) }}
{% endmacro %}
