"""Ranked lists within capacity, and the packs that an MDT works from."""
