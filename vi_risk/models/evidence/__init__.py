"""How well a model does: figures, intervals, groups and how it compares; nothing here knows of records or training."""
