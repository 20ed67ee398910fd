"""The pathway around an emergency admission as one self-contained page, for the trust and each practice.

It is read by people who do not care for these patients too: what rests on 1 to 7 contacts or people is not told.
"""

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from vi_risk.caselists.packs.pathway_pictures import (
    FLOOR,
    HEIGHT,
    LEFT,
    TOP,
    WIDTH,
    Picture,
    Rate,
    Span,
    picture_of,
    what_is_drawn,
)
from vi_risk.caselists.wording import DECISION_SUPPORT, NOT_SEEN
from vi_risk.cohort.pathway_people import AFTER, BASELINE, BEFORE, EMERGENCY, PLANNED
from vi_risk.cohort.pathways import PATHWAY_COLUMNS, TENS, WHOLE_TRUST, days_of_admissions
from vi_risk.errors import UsageError
from vi_risk.models.evidence.subgroups import FEWEST_OF_A_SHARE, hidden
from vi_risk.models.templates import page_environment

TOO_FEW = "too few to tell"
NOT_TOLD = "not told"

_FOLDER = Path(__file__).parent / "templates"
_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "gp": "GP practice appointments",
        "community": "Community contacts",
        "outpatient": "Outpatient appointments",
        "ed": "A&E attendances, not admitted",
        PLANNED: "Planned admissions",
        EMERGENCY: "Emergency admissions",
    }
)
_OF_PEOPLE, _IN_DAYS, _DAYS_OF_A_YEAR = 100, 30, 365.25
_ROUNDED_TO = 5  # people, as in the published statistics of hospital care


@dataclass(frozen=True, slots=True)
class Setting:
    """What happened in one setting of care, to the people who are seen in it."""

    title: str
    people: str
    baseline: Rate
    before: Rate
    after: Rate
    tens: tuple[Rate, ...]
    picture: Picture | None

    @property
    def is_told_in_tens(self) -> bool:
        """Whether any ten days are told."""
        return not all(math.isnan(ten.value) for ten in self.tens)


@dataclass(frozen=True, slots=True)
class Group:
    """The whole trust, or one practice."""

    code: str
    title: str
    people: str
    died: str
    settings: tuple[Setting, ...]


def pathway_page(
    pathways: pd.DataFrame, *, index_date: date, practices: Mapping[str, Mapping[str, str | None]]
) -> bytes:
    """Return the page; it fetches nothing, and without its script shows the trust and every practice in turn.

    Parameters
    ----------
    pathways
        From `vi_risk.cohort.pathways.around_admissions` at this `index_date`.
    practices
        practice_code -> name and network, for those that have them.

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
    page = (
        page_environment(_FOLDER)
        .get_template("pathways.html.jinja")
        .render(
            groups=groups_of(pathways, practices),
            index_date=index_date,
            first=first,
            last=last,
            spans=[span_in_words(span) for span in TENS],
            settings=[_TITLES[name] for name in pathways["setting"].unique()],
            size=(WIDTH, HEIGHT, LEFT, FLOOR, TOP),
            few=FEWEST_OF_A_SHARE - 1,
            decision_support=DECISION_SUPPORT,
            script=script,
            # Only this very script may run, whatever text the records hold.
            script_fingerprint=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )
    return page.encode()


def groups_of(pathways: pd.DataFrame, practices: Mapping[str, Mapping[str, str | None]]) -> tuple[Group, ...]:
    """Return the trust and each practice in words and pictures, the trust first, small numbers not told."""
    untold = _untold(pathways)
    return tuple(
        _group(str(code), rows, practices.get(str(code), {}).get("name"), untold)
        for code, rows in pathways.groupby("practice_code", sort=True)
    )


def span_in_words(span: Span) -> str:
    """Return a span of days from the admission in words.

    Examples
    --------
    >>> span_in_words((-90, -80)), span_in_words((11, 21))
    ('90 to 81 days before', '11 to 20 days after')
    """
    start, end = span[0], span[1] - 1
    return f"{-start} to {-end} days before" if start < 0 else f"{start} to {end} days after"


# --- small numbers ---------------------------------------------------------------------------------------------------

# setting, span -> practices of which it is not told
_Untold = Mapping[tuple[str, Span], set[str]]


def _untold(pathways: pd.DataFrame) -> _Untold:
    """Return of whom each rate is not told: it rests on 1 to 7 contacts or people, or would tell one that does."""
    untold: dict[tuple[str, Span], set[str]] = {}
    for (setting, start, end), rows in pathways.groupby(["setting", "from_day", "to_day"]):
        codes = rows["practice_code"].astype(str)
        few = set(codes[rows["people"].map(is_few)])
        for span, column in ((_span(start, end), "contacts"), (BASELINE, "baseline_contacts")):
            numbers = dict(zip(codes, rows[column].astype(int), strict=True))
            of_trust = numbers.pop(WHOLE_TRUST, 0)
            untold[str(setting), span] = few | hidden(numbers, set(numbers) - few)
            if is_few(of_trust):
                untold[str(setting), span].add(WHOLE_TRUST)
    return untold


def _span(start: Any, end: Any) -> Span:
    return int(start), int(end)


def is_few(number: float) -> bool:
    """Return whether a number is so small that it could tell of somebody."""
    return 0 < number < FEWEST_OF_A_SHARE


def people_in_words(number: int) -> str:
    """Return a number of people, from 1 to 7 as that, and others rounded to the nearest five.

    Examples
    --------
    >>> people_in_words(0), people_in_words(3), people_in_words(8), people_in_words(1243)
    ('no people', '1 to 7 people', 'about 10 people', 'about 1,245 people')
    """
    if not number:
        return "no people"
    if is_few(number):
        return f"1 to {FEWEST_OF_A_SHARE - 1} people"
    return f"about {_ROUNDED_TO * round(number / _ROUNDED_TO):,} people"


# --- groups, settings, rates -----------------------------------------------------------------------------------------


def _group(code: str, rows: pd.DataFrame, name: str | None, untold: _Untold) -> Group:
    people, died = int(rows["people"].max()), int(rows["died"].max())
    share = f"{100 * died / people:.0f} in 100" if people and not is_few(people) and not is_few(died) else TOO_FEW
    title = "The whole trust" if code == WHOLE_TRUST else f"{name} ({code})" if name else code
    settings = tuple(_setting(str(setting), code, own, untold) for setting, own in rows.groupby("setting", sort=False))
    return Group(code, title, people_in_words(people), share, settings)


def _setting(setting: str, code: str, rows: pd.DataFrame, untold: _Untold) -> Setting:
    by_span = {_span(row["from_day"], row["to_day"]): row for _, row in rows.iterrows()}

    def rate(span: Span) -> Rate:
        row = by_span[BEFORE if span == BASELINE else span]
        names = PATHWAY_COLUMNS[-5:] if span == BASELINE else PATHWAY_COLUMNS[-10:-5]
        if not row["people"]:
            return Rate(NOT_SEEN)
        if code in untold[setting, span]:
            return Rate(TOO_FEW)
        if setting == EMERGENCY and span[0] < AFTER[0]:
            return Rate(NOT_TOLD)
        return _rate(row, names)

    people = int(rows["people"].max())
    baseline, before, after = rate(BASELINE), rate(BEFORE), rate(AFTER)
    tens = {span: rate(span) for span in TENS}
    # The days of one side are told all or none: one of them left out could be worked out from the others.
    for whole in (BEFORE, AFTER):
        parts = [span for span in TENS if whole[0] <= span[0] < whole[1]]
        if rate(whole).text == TOO_FEW or any(tens[span].text == TOO_FEW for span in parts):
            tens |= {span: Rate(TOO_FEW) for span in parts}
    drawn = what_is_drawn(tens, before, after)
    return Setting(
        title=_TITLES[setting],
        people=people_in_words(people),
        baseline=baseline,
        before=before,
        after=after,
        tens=tuple(tens.values()),
        picture=picture_of(drawn, baseline) if drawn else None,
    )


def _rate(row: "pd.Series[Any]", names: Sequence[str]) -> Rate:
    _, _, *found = (row[name] for name in names)
    value, low, high = (float(number) / _DAYS_OF_A_YEAR * _IN_DAYS * _OF_PEOPLE for number in found)
    if math.isnan(value):
        return Rate(NOT_SEEN)
    return Rate(f"{_number(value)} ({_number(low)} to {_number(high)})", value, low, high)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"
