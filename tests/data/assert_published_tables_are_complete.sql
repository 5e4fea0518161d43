-- Every published table has one row a published year, unit and combination of filters, zeros and suppressed cells included.

{{ incomplete_published_tables() }}
