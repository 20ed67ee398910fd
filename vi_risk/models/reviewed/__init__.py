"""Learning where a team has acted on its lists: reviews as exposure, and the ways in which a spec may treat them."""
