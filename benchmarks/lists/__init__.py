"""How fast scored people become case lists, and what that depends on; `make bench-lists`."""
