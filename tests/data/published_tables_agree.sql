-- Every number that several published tables show is the same in all of them, and hidden in all of them if it is hidden in one.

{{ contradicting_published_rows() }}
