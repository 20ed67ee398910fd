"""How fast the feature engine is, against what; `make bench`."""
