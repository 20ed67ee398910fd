"""Those who make features of the same records, each a command of its own that prints what it took."""
