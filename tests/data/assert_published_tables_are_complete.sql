-- Every published table has one row a published year, unit and combination of filters, zeros and suppressed cells included; none below the
-- smallest level of a filter.

{{ incomplete_published_tables() }}
