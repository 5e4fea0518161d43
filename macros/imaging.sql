{# The source variables of the imaging cards, in the order of the family. Each is a column of int_person_claim, named in lower case; the seed
   imaging_variable says which code list it counts, and a data test that both name the same. Returns: list of text. #}
{% macro imaging_variables() %}
    {{ return(['IMAG_RAD_N', 'IMAG_DENTIST_N', 'IMAG_SPEC_N', 'IMAG_CT_N', 'IMAG_THERA_N']) }}
{% endmacro %}
