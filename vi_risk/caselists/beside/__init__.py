"""What stands beside a name: facts, what was said of the person, and how far the record reaches."""
