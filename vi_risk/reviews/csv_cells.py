"""Text in CSV files that no spreadsheet takes for a formula, and the same text read back."""

# What a spreadsheet may take for the start of a formula (OWASP, CSV injection), full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def guarded(text: str) -> str:
    """Return text with an apostrophe before it where a spreadsheet might take it for a formula.

    Examples
    --------
    >>> guarded("=1+1"), guarded("GP visit"), guarded("'=1+1")
    ("'=1+1", 'GP visit', "''=1+1")
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given.

    Examples
    --------
    >>> unguarded("'=1+1"), unguarded("'tis well")
    ('=1+1', "'tis well")
    """
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text
