-- one row is one value of the column status of the published tables, with the SDMX codes that say the same

{{ config(alias='observation_status') }}

with statuses as (
    {{ labels_of('observation_status', 'status') }}
),

confidentiality as (
    {{ labels_of('confidentiality_status', 'status') }}
),

paired as (
    select
        statuses.status,
        statuses.sort_order,
        statuses.label_nl,
        statuses.label_fr,
        statuses.label_en,
        statuses.sdmx_codelist as sdmx_obs_status_codelist,
        statuses.sdmx_code as sdmx_obs_status,
        confidentiality.sdmx_codelist as sdmx_conf_status_codelist,
        confidentiality.sdmx_code as sdmx_conf_status
    from statuses
    left join confidentiality on statuses.status = confidentiality.status
)

select * from paired
