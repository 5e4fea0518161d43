-- One row is a file or folder of the source directory that is not read, with the reason.
{{ config(post_hook = "{{ log_unread_files() }}") }}
-- depends_on: {{ ref('source_file') }}, with which the files are listed

with listed as (

    {{ listed_files(anew=false) }}

),

unread as (

    select
        source,
        relative_path,
        unread_reason
    from listed
    where unread_reason is not null

)

select * from unread
