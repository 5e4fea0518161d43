{# The lists that decide which columns, tables and joins exist: languages, geographic levels and vintages, variables with their families, filters, measures.
   They are macros because dbt needs them while it parses, when no seed can be read, and because `--vars` must not change them. What only fills rows (codes
   of a list, age categories, texts) is in seeds. Each list has this one home; SQL that needs its rows calls `rows_of`. #}

{# The languages of every text. Returns: list of text. #}
{% macro languages() %}
    {{ return(['nl', 'fr', 'en']) }}
{% endmacro %}

{# The geographic levels in reading order, each with the level directly above it (none: the whole country). Returns: list of mappings level, parent. #}
{% macro geographic_levels() %}
    {{ return([
        {'level': 'country', 'parent': none},
        {'level': 'region', 'parent': 'country'},
        {'level': 'province', 'parent': 'region'},
        {'level': 'arrondissement', 'parent': 'province'},
        {'level': 'municipality', 'parent': 'arrondissement'},
        {'level': 'statistical_sector', 'parent': 'municipality'},
        {'level': 'hospital', 'parent': 'country'},
    ]) }}
{% endmacro %}

{# The vintages of the geography in which years can be published: the day whose municipalities count, and how many there are (source: Statbel).
   A municipality belongs to a vintage when the day is between its `valid_from` and `valid_to`. Returns: list of mappings vintage, day, municipalities. #}
{% macro geography_vintages() %}
    {{ return([
        {'vintage': 2018, 'day': '2018-01-01', 'municipalities': 589},
        {'vintage': 2019, 'day': '2019-01-01', 'municipalities': 581},
        {'vintage': 2025, 'day': '2025-01-01', 'municipalities': 565},
    ]) }}
{% endmacro %}

{# The filters in the order of their columns. `codes` maps each value to its SDMX code; without it the seed named as the filter holds the values. A filter
   with `classes_of` is no column of int_beneficiary but the class of one (the age), by scheme. Every filter also has the value 'total'.
   Returns: mapping of a filter to its properties. #}
{% macro filter_definitions() %}
    {{ return({
        'age_category': {'classes_of': 'age'},
        'increased_reimbursement': {'codes': {'yes': 'Y', 'no': 'N'}},
        'procedure_type': {},
    }) }}
{% endmacro %}

{# The measures: how many the numerator is divided by (none: not divided). Returns: mapping of a measure to its properties. #}
{% macro measure_definitions() %}
    {{ return({
        'share': {'per': 100},
        'volume': {'per': 1000},
        'mean': {'per': 1},
        'count': {'per': none},
    }) }}
{% endmacro %}

{# The families of statistics. `denominator` is what every statistic of the family divides by; `filters` are those that split numerator and denominator,
   by place (residence or hospital); `smallest_levels` are those below which a filter is not published (see smallest_levels of macros/disclosure); `scheme` selects
   the age categories; `first_year`, `keywords`, `source_variables` (by place) and `card_date` are those of the
   family's published cards. Returns: mapping of a family to its properties. #}
{% macro families() %}
    {{ return({
        'imaging': {
            'denominator': 'beneficiaries',
            'filters': {'residence': ['age_category']},
            'scheme': 'decennial',
            'first_year': 2006,
            'keywords': ['health_care_services', 'health_care_providers'],
            'card_date': '2025-11-17',
        },
        'perinatal': {
            'denominator': 'deliveries',
            'filters': {'residence': ['age_category', 'increased_reimbursement'], 'hospital': []},
            'smallest_levels': {'increased_reimbursement': 'arrondissement'},
            'scheme': 'maternal',
            'first_year': 2006,
            'keywords': ['health_care_services'],
            'source_variables': {'residence': ['SS00020', 'PP0025'], 'hospital': ['SS00020', 'SS00075']},
            'card_date': '2025-12-23',
        },
    }) }}
{% endmacro %}

{# The variables that statistics count. An imaging variable counts the codes of `list_code` and is a column of int_imaging_use, named in lower case;
   `performer` is the group of performers (seed provider_qualification) whose examinations the list holds, one variable a group; 'any' where the list alone
   decides. The lists of deliveries and prenatal acts are in the seeds delivery_type and procedure_type. `numerator_filters` split the numerator only (card of cube_007_005a);
   `smallest_levels` are in force beside those of the family. A count that `may_exceed_denominator` is of acts, of which a delivery has several.
   Returns: mapping of a variable to its properties. #}
{% macro variables() %}
    {{ return({
        'IMAG_RAD_N': {'family': 'imaging', 'list_code': 'IMAG_RAD', 'performer': 'radiologist'},
        'IMAG_DENTIST_N': {'family': 'imaging', 'list_code': 'IMAG_DENTIST', 'performer': 'dentist'},
        'IMAG_SPEC_N': {'family': 'imaging', 'list_code': 'IMAG_SPEC', 'performer': 'specialist'},
        'IMAG_CT_N': {'family': 'imaging', 'list_code': 'IMAG_CT', 'performer': 'any'},
        'IMAG_THERA_N': {'family': 'imaging', 'list_code': 'IMAG_THERA', 'performer': 'any'},
        'deliveries': {'family': 'perinatal'},
        'caesareans': {'family': 'perinatal'},
        'prenatal_acts': {
            'family': 'perinatal',
            'numerator_filters': ['procedure_type'],
            'smallest_levels': {'age_category': 'arrondissement'},
            'may_exceed_denominator': true,
        },
        'no_postnatal_midwife': {'family': 'perinatal', 'list_code': 'MIDWIFE_POSTNATAL'},
    }) }}
{% endmacro %}

{# The published tables by name. dbt orders a test after the tables that it names while it parses, when it knows no other file; the data test
   assert_every_statistic_is_tested compares this list with the declarations of the marts. Returns: list of text. #}
{% macro published_tables() %}
    {% set tables = [] %}
    {% for number in ['003', '004', '005', '006', '007', '008', '013', '014', '023', '024'] %}
        {% do tables.extend(['cube_013_' ~ number, 'stat_013_' ~ number]) %}
    {% endfor %}
    {{ return(tables + ['cube_007_001a_denom', 'cube_007_005a', 'cube_007_005b', 'cube_007_006a', 'cube_007_006b', 'cube_007_009a']) }}
{% endmacro %}

{# The variables of the imaging family in their order. Returns: list of text. #}
{% macro imaging_variables() %}
    {% set names = [] %}
    {% for name, variable in variables().items() if variable.family == 'imaging' %}{% do names.append(name) %}{% endfor %}
    {{ return(names) }}
{% endmacro %}

{# The imaging variables of one group of performers. Returns: mapping of a variable to its properties. #}
{% macro performed_by() %}
    {% set found = {} %}
    {% for name in imaging_variables() if variables()[name].performer != 'any' %}{% do found.update({name: variables()[name]}) %}{% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The filters that split numerator and denominator of a family. Arguments: family (text), place ('residence' or 'hospital').
   Returns: list of text in column order. Raises a compiler error for a family or place that does not exist. #}
{% macro family_filters(family, place='residence') %}
    {% set declared = families().get(family, {}).get('filters', {}).get(place, none) %}
    {% if declared is none %}
        {% set known = families() | join(', ') %}
        {% do exceptions.raise_compiler_error("families: the family '" ~ family ~ "' has no statistics by " ~ place ~ "; known families are " ~ known ~ ".") %}
    {% endif %}
    {{ return(declared) }}
{% endmacro %}

{# The filters of a variable's cells: those of its family, then those that split its numerator only. Arguments: variable (text), place.
   Returns: list of text in column order. Raises a compiler error for an unknown variable. #}
{% macro variable_filters(variable, place='residence') %}
    {% set declared = variables().get(variable) %}
    {% if declared is none %}
        {% do exceptions.raise_compiler_error("variables: there is no variable '" ~ variable ~ "'; known are " ~ (variables() | join(', ')) ~ ".") %}
    {% endif %}
    {{ return(family_filters(declared.family, place) + declared.get('numerator_filters', [])) }}
{% endmacro %}
