{# Two fingerprints say whether what the warehouse holds was made by this project:
     rules         what the cells are made of: the models that have an `input` (see plan_condition), and every model, seed and source column above them
     publication   everything later: the other models, seeds and data tests, with the descriptions that become comments, and the Python package that suppresses
   Nothing is listed by name: the lineage divides the nodes, the folder divides the macros, and a variable belongs to the text that reads it. #}

{# The folders of macros/ that no cell depends on. Macros outside them and the steering folders count as rules: lists.sql, rules/, engine/.
   Returns: list of text. #}
{% macro later_macro_folders() %}{{ return(['publication', 'comparison', 'disclosure', 'testing']) }}{% endmacro %}

{# The folders of macros/ that decide what is computed and recorded when, never what a number is. Returns: list of text. #}
{% macro steering_macro_folders() %}{{ return(['load', 'materializations', 'release']) }}{% endmacro %}

{# Returns: text, the fingerprint of the rules. #}
{% macro rules_fingerprint() %}{{ return(fingerprints().rules) }}{% endmacro %}

{# Returns: text, the fingerprint of what suppresses, publishes and tests. #}
{% macro publication_fingerprint() %}{{ return(fingerprints().publication) }}{% endmacro %}

{# The models with an `input` and all their ancestors. Returns: list of unique ids of models, seeds and sources. #}
{% macro rule_nodes() %}
    {% set found = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.meta.get('input') %}{% do found.append(node.unique_id) %}{% endfor %}
    {#- the list grows while it is walked -#}
    {% for unique_id in found %}
        {% for parent in graph.nodes.get(unique_id, {}).get('depends_on', {}).get('nodes', []) if parent not in found %}
            {% do found.append(parent) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Returns: {rules, publication}, each a text. Raises a compiler error when the project's directory is not known. #}
{% macro fingerprints() %}
    {% if not execute %}{{ return({'rules': '', 'publication': ''}) }}{% endif %}
    {% set rule_ids = rule_nodes() %}
    {% set parts = {'rules': macro_texts(later=false), 'publication': macro_texts(later=true) + suppression_texts()} %}
    {% for node in graph.nodes.values() if node.resource_type in ['model', 'seed', 'test'] and not node.original_file_path.startswith('models/load/') %}
        {% set text = [node.unique_id, node.checksum.checksum, node.raw_code or '', node.test_metadata.kwargs if node.test_metadata else ''] | join(':') %}
        {% if node.unique_id in rule_ids %}
            {% do parts.rules.append(text) %}
        {% else %}
            {% do parts.publication.append(text ~ node.description) %}
            {% for column in node.columns.values() %}
                {% do parts.publication.append([node.name, column.name, column.data_type, column.description] | join(':')) %}
            {% endfor %}
        {% endif %}
    {% endfor %}
    {% for source_name in source_names() %}
        {% for column in declared_columns(source_name) %}
            {% do parts.rules.append([source_name, column.name, column.field, column.type] | join(':')) %}
        {% endfor %}
    {% endfor %}
    {{ return({'rules': fingerprint(parts.rules), 'publication': fingerprint(parts.publication)}) }}
{% endmacro %}

{# The texts of macros without their comments; dbt shows neither text nor checksum of a macro. Argument: later (boolean), those of later_macro_folders and
   the generic tests, or all others but those of steering_macro_folders. Returns: list of texts. Raises a compiler error where dbt runs outside the
   project's directory. #}
{% macro macro_texts(later) %}
    {% set directory = invocation_args_dict.get('project_dir') or '.' %}
    {% if run_query("select count(*) from glob(" ~ literal(directory ~ '/dbt_project.yml') ~ ")").columns[0][0] == 0 %}
        {% do exceptions.raise_compiler_error(
            "The project's macros are not in '" ~ directory ~ "': run dbt in the project's directory, or name that with --project-dir.") %}
    {% endif %}
    {% set files = run_query(
        "select filename, regexp_replace(content, '\\{#.*?#\\}', '', 'gs') from read_text([" ~ literal(directory ~ '/macros/**/*.sql') ~ ", " ~ literal(directory ~ '/tests/generic/*.sql')
        ~ "]) order by filename").rows %}
    {% set texts = [] %}
    {% for file in files %}
        {% set folder = file[0].split('/')[-2] %}
        {% if folder not in steering_macro_folders() and (folder in later_macro_folders() + ['generic']) == later %}{% do texts.append(file[1]) %}{% endif %}
    {% endfor %}
    {{ return(texts) }}
{% endmacro %}

{# The Python files that decide which cells are suppressed, and the lock of their packages. Returns: list of texts. #}
{% macro suppression_texts() %}
    {% set directory = invocation_args_dict.get('project_dir') or '.' %}
    {% set files = literal(directory ~ '/atlas/suppression/*.py') %}
    {{ return(run_query("select content from read_text([" ~ files ~ "]) order by filename").columns[0].values() | list) }}
{% endmacro %}

{# One fingerprint of texts and of the variables that they read. Argument: parts (list of texts, in any order). Returns: text. #}
{% macro fingerprint(parts) %}
    {% set names = modules.re.findall("var\\(['\"]([a-z_]+)['\"]", parts | join(' ')) | unique | sort %}
    {% set values = [] %}
    {% for name in names %}{% do values.append(name ~ ':' ~ var(name)) %}{% endfor %}
    {{ return(local_md5((parts | sort + values) | join(';'))) }}
{% endmacro %}
