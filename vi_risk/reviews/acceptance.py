"""What teams made of their lists: how many of the people discussed they took on, by practice and by reason."""

from typing import Literal

import pandas as pd

from vi_risk.reviews.form import DECISIONS

By = Literal["practice_code", "theme"]
_FEWEST = 10  # reviews; of fewer no share is told, for one decision would move it by ten per cent and more
_NAMED = 5  # practices, and themes, in the report of a run


def acceptance(reviews: pd.DataFrame, *, by: By) -> pd.DataFrame:
    """Return what was decided, one row per practice or theme of a reason, most reviews first.

    A person with several reasons counts for each of their themes. What was deferred is in the number of reviews.

    Parameters
    ----------
    reviews
        As `vi_risk.reviews.read_reviews` gives them.

    Returns
    -------
    DataFrame
        The column `by`, reviews, one column of numbers per decision, and share: accepted of all reviews, 0 to 1.
    """
    grouped = reviews.assign(theme=reviews["themes"].fillna("").astype(str).str.split("; "))
    grouped = grouped.explode("theme", ignore_index=True)
    grouped = grouped if by == "theme" else reviews
    grouped = grouped[grouped[by].fillna("") != ""]
    counts = pd.crosstab(grouped[by].astype(str), grouped["decision"].astype(str))
    counts = counts.reindex(columns=list(DECISIONS), fill_value=0).astype(int)
    counts.insert(0, "reviews", counts.sum(axis=1))
    counts["share"] = counts["accepted"] / counts["reviews"]
    counts.columns.name = None
    return counts.rename_axis(by).reset_index().sort_values(["reviews", by], ascending=[False, True], ignore_index=True)


def acceptance_in_words(reviews: pd.DataFrame) -> list[str]:
    """Return the lines of a run's report: all reviews, then the practices and themes with most of them.

    Examples
    --------
    >>> acceptance_in_words(pd.DataFrame({"decision": ["accepted", "deferred"], "practice_code": "M1", "themes": ""}))
    ['reviews: 1 of 2 accepted', 'practice M1: 1 of 2 accepted']
    """
    if reviews.empty:
        return ["reviews: none yet"]
    accepted = int((reviews["decision"] == "accepted").sum())
    lines = [f"reviews: {_told(accepted, len(reviews))}"]
    for by, noun in (("practice_code", "practice"), ("theme", "with the reason")):
        rows = acceptance(reviews, by=by).head(_NAMED)  # type: ignore[arg-type]  # of the two
        lines += [
            f"{noun} {name}: {_told(accepted, number)}"
            for name, accepted, number in zip(rows[by], rows["accepted"], rows["reviews"], strict=True)
        ]
    return lines


def as_lines(counts: pd.DataFrame) -> list[str]:
    """Return what `acceptance` gave as lines of a table for a terminal."""
    by = counts.columns[0]
    words = {"practice_code": "Practice", "theme": "Reason", "reviews": "Reviews", "share": "Accepted of all"}
    told = counts.astype(object).assign(
        share=[
            f"{100 * share:.0f} %" if number >= _FEWEST else "too few"
            for share, number in zip(counts["share"], counts["reviews"], strict=True)
        ]
    )
    rows = [[words.get(name) or DECISIONS[name] for name in counts.columns], *told.astype(str).to_numpy().tolist()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(counts.columns))]
    if counts.empty:
        return [f"{words[by]}: no reviews yet"]
    return [
        "  ".join(
            (row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)))
        )
        for row in rows
    ]


def _told(accepted: int, reviews: int) -> str:
    share = f" ({100 * accepted / reviews:.0f} %)" if reviews >= _FEWEST else ""
    return f"{accepted:,} of {reviews:,} accepted{share}"
