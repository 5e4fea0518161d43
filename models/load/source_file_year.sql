-- One row is a file of the source, a year of its records (that of their date, else of the folder, else 0) and, of population lists, a date, with the number of
-- records. A record counts in the year of its own date wherever it arrives (project decision), so that the folder does not say which years a file reaches.
{{ config(
    pre_hook = "{{ forget_broken_lines() }}",
    post_hook = [
        "{{ stop_on_broken_lines() }}",
        "{{ stop_on_unread_rows() }}",
        "{{ stop_on_misfiled_lists() }}",
        "{{ stop_on_undecided_dates() }}",
    ]
) }}
-- depends_on: {{ ref('source_file') }}

with known as (

    {{ content_known_before() }}

),

from_footers as (

    {{ content_of_footers() }}

),

from_rows as (

    {{ content_of_rows() }}

),

content as (

    select * from known
    union all
    select * from from_footers
    union all
    select * from from_rows

)

select * from content
