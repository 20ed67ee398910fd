"""Who is on a list: the rules that a site sets, places, order, who is kept off, and what became of the list before."""
