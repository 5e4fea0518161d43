-- Every published row is consistent: status and nulls, value and formula, ranges, and no number below the threshold.

with failure as (

    {{ unsound_published_rows() }}

)

select * from failure
where failure_reason is not null
