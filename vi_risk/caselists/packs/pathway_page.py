"""The pathway around an emergency admission as one self-contained page, for the trust, its networks and practices."""

from base64 import b64encode
from collections.abc import Collection
from datetime import date
from hashlib import sha256
from pathlib import Path

import pandas as pd

from vi_risk.caselists.packs.pathway_groups import FEWEST_ADMITTED, Practices, chosen, titles_of
from vi_risk.caselists.packs.pathway_pictures import FLOOR, HEIGHT, LEFT, TOP, WIDTH
from vi_risk.caselists.packs.pathway_rates import groups_of
from vi_risk.caselists.wording import DECISION_SUPPORT
from vi_risk.cohort.pathways import PATHWAY_COLUMNS, TENS, Span, days_of_admissions
from vi_risk.errors import UsageError
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.templates import page_environment

_FOLDER = Path(__file__).parent / "templates"


def pathway_page(
    pathways: pd.DataFrame,
    *,
    index_date: date,
    practices: Practices,
    without: Collection[str] = (),
    with_nobody: Collection[str] = (),
    rule: Disclosure | None = None,
) -> bytes:
    """Return the page; it fetches nothing, and without its script shows every group in turn.

    Parameters
    ----------
    pathways
        From `vi_risk.cohort.pathways.around_admissions` at this `index_date`.
    practices
        practice_code -> name and network, for those that have them.
    without
        Codes of practices outside the trust that have no list (`practices_without_list`): they are left out, and
        named as left out.
    with_nobody
        Codes of practices that have no list as nobody of theirs could be listed: they are named as such.
    rule
        How numbers of people are told; None takes the rule that is shipped.

    Raises
    ------
    UsageError
        The table has not the columns that it is to have.
    """
    if tuple(pathways.columns) != PATHWAY_COLUMNS:
        found = ", ".join(map(str, pathways.columns)) or "none"
        msg = f"pathways: expected the columns {', '.join(PATHWAY_COLUMNS)}; found {found}. Build the features again."
        raise UsageError(msg)
    script = (_FOLDER / "pathways.js").read_text(encoding="utf-8").strip()
    first, last = days_of_admissions(index_date)
    told, rule = chosen(pathways, practices, without), rule or Disclosure()
    page = (
        page_environment(_FOLDER)
        .get_template("pathways.html.jinja")
        .render(
            groups=groups_of(pathways, told.groups, rule),
            choices=told.choices,
            left_out=told.left_out,
            without_list=titles_of(sorted(with_nobody), practices),
            index_date=index_date,
            first=first,
            last=last,
            spans=[span_in_words(span) for span in TENS],
            size=(WIDTH, HEIGHT, LEFT, FLOOR, TOP),
            fewest=rule.fewer_than,
            round_to=rule.round_to,
            fewest_admitted=FEWEST_ADMITTED,
            decision_support=DECISION_SUPPORT,
            script=script,
            # Only this very script may run, whatever text the records hold.
            script_fingerprint=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )
    return page.encode()


def span_in_words(span: Span) -> str:
    """Return a span of days from the admission in words.

    Examples
    --------
    >>> span_in_words((-90, -80)), span_in_words((11, 21))
    ('90 to 81 days before', '11 to 20 days after')
    """
    start, end = span[0], span[1] - 1
    return f"{-start} to {-end} days before" if start < 0 else f"{start} to {end} days after"
