"""Models that are kept: which one serves, what takes its place and why, and one set right or tuned anew."""
