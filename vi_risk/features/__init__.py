"""Declared features: what they mean (declarations, code lists) and how they are computed (engine)."""
