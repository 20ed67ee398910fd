"""Who is asked about, when (index dates), and what counts as the outcome."""
