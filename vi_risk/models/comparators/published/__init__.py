"""Risk scores as others published them, each a pure function of a table."""
