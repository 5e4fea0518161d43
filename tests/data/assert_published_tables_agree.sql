-- A number that several published tables have is the same in all of them, and suppressed in all of them if it is suppressed in one.

{{ contradicting_published_rows() }}
