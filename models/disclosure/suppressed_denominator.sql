-- One row is a denominator cell of the tree of columns that is suppressed, for a small group or to protect one.

{{ suppressed_in_steps('denominator') }}
union
select cell_id from {{ ref('denominator_need') }}
where is_small
