-- One row is a value of the column status of the published tables, with the SDMX codes that say the same.

with observation as (

    select * from {{ ref('sdmx_code') }}
    where topic = 'observation_status'

),

confidentiality as (

    select * from {{ ref('sdmx_code') }}
    where topic = 'confidentiality_status'

),

label as (

    {{ texts_side_by_side('observation_status') }}

),

labelled as (

    select
        observation.key as status,
        observation.sort_order,
        {{ language_columns('label') }},
        observation.sdmx_codelist as sdmx_obs_status_codelist,
        observation.sdmx_code as sdmx_obs_status,
        confidentiality.sdmx_codelist as sdmx_conf_status_codelist,
        confidentiality.sdmx_code as sdmx_conf_status
    from observation
    left join confidentiality on observation.key = confidentiality.key
    left join label on observation.key = label.key

)

select * from labelled
