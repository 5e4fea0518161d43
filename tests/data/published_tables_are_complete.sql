-- Every published table has one row a published year, unit and combination of filters, zeros and hidden cells included.

{{ incomplete_published_tables() }}
