"""What every past run would have listed, had it run with what had arrived by then."""
