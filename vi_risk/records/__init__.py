"""The linked record: canonical tables, reading a site's extracts, checks, the synthetic trust."""
