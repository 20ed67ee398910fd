"""The sweep: the same features as the portable queries, from one pass over a source for all index dates at once.

`plan` says which definitions it serves and what to gather for each; `tapes` takes the rows of a source out of the
database, once, as plain arrays; `kernels` goes through them; `columns` makes features of what was gathered. What a row
must be to count is decided by the portable expressions, so that there is one set of definitions.
"""
