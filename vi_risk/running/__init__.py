"""What every run stands on: outputs that appear whole, locks, scratch folders, memory, progress and run.json."""
