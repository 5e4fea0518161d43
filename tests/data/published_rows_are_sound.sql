-- Every published row agrees with itself: status and nulls, value and its formula, ranges, and nothing below the threshold.

with failure as (

    {{ unsound_published_rows() }}

)

select * from failure
where failure_reason is not null
