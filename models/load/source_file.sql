-- One row is a file of the source that is read, with its format, the year and date that its folder states, and what is known of it without reading its rows.
{{ config(pre_hook = "{{ keep_demo_apart() }}", post_hook = ["{{ log_equal_files() }}", "{{ warn_of_odd_files() }}"]) }}
-- depends_on: {{ source('ima', 'population') }}, {{ source('ima', 'health_care') }}

with listed as (

    {{ listed_files(anew=true) }}

),

read_file as (

    select
        source,
        file,
        relative_path,
        format,
        folder_year,
        list_date,
        file_size,
        modified_at,
        checksum,
        row_count,
        only_year,
        encoding,
        separator,
        quote,
        skipped_lines,
        has_rows,
        ends_in_line,
        read_path,
        column_names,
        column_types
    from listed
    where unread_reason is null

)

select * from read_file
