"""The practice in one view, laid out: figures with bars, what stands out with its interval, people by age and risk."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary, StandsOut
from vi_risk.caselists.wording import NOT_SEEN, share
from vi_risk.reasons.sentences import number

# The same words over the same figures on the page and in the workbook.
SHARE_OF_PEOPLE = "Share of the trust's people"
SHARE_OF_NEED = "Share of the emergency admissions expected in the trust"

_WIDEST = 100.0  # units across a drawing
_FARTHEST = 2.0  # a ratio, and its inverse, at the ends of the scale


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the practice beside the trust's, with bars where both are shares; widths are out of 100."""

    title: str
    practice: str
    trust: str
    bars: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Outlier:
    """What stands out, in words and on a scale of ratios from half to twice; places are out of 100."""

    title: str
    kind: str
    observed: str
    expected: str
    ratio: str
    interval: str
    at: float
    low: float
    high: float
    is_more: bool


@dataclass(frozen=True, slots=True)
class AgeBand:
    """People of one age band: how many in each band of risk, and the bar's parts, (start, width, grade) out of 100."""

    title: str
    counts: tuple[int, ...]
    parts: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What the first page draws from a practice summary."""

    figures: tuple[Figure, ...]
    outliers: tuple[Outlier, ...]
    bands: tuple[str, ...]
    ages: tuple[AgeBand, ...]
    share_of_people: str
    share_of_need: str
    shares: tuple[float, float]
    reviewed: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


def first_page(summary: PracticeSummary, rules: CaseListRules) -> FirstPage:
    """Return a summary in words and lengths; age bands stay in the order that they come in, bands as in the rules."""
    bands = tuple(band.name for band in rules.bands)
    shares = [summary.share_of_people, summary.share_of_need]
    shares += [value for each in summary.figures if each.unit == "share" for value in (each.practice, each.trust)]
    # One scale for all of them: a bar of 1 % is never as long as one of 20 %.
    most = max((value for value in shares if not math.isnan(value)), default=0) or 1
    return FirstPage(
        figures=tuple(_figure(figure, most) for figure in summary.figures),
        outliers=tuple(_outlier(found) for found in summary.stands_out),
        bands=bands,
        ages=_ages(summary, bands),
        share_of_people=share(summary.share_of_people),
        share_of_need=share(summary.share_of_need),
        shares=(_long(summary.share_of_people, most), _long(summary.share_of_need, most)),
        reviewed=tuple(summary.reviewed.items()),
        notes=summary.notes,
    )


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The practices of a network beside one another: figures as rows, practices and the trust as columns."""

    practices: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], str], ...]  # title, of each practice, of the trust


def side_by_side(lists: Sequence[CaseList]) -> SideBySide | None:
    """Return the figures of those practices that have a summary; None where fewer than two have."""
    known = [(case_list.title, case_list.summary) for case_list in lists if case_list.summary is not None]
    if len(known) < 2:
        return None
    told = [[_figure(figure, 1) for figure in summary.figures] for _, summary in known]
    rows = [
        (figures[0].title, tuple(one.practice for one in figures), figures[0].trust)
        for figures in zip(*told, strict=True)
    ]
    shares = [
        (SHARE_OF_PEOPLE, tuple(share(summary.share_of_people) for _, summary in known), ""),
        (SHARE_OF_NEED, tuple(share(summary.share_of_need) for _, summary in known), ""),
    ]
    return SideBySide(tuple(title for title, _ in known), (*rows, *shares))


def _figure(figure: Compared, most: float) -> Figure:
    practice, trust = figure.practice, figure.trust
    if figure.unit != "share":
        return Figure(figure.title, _rounded(practice, figure.unit), _rounded(trust, figure.unit), bars=None)
    drawn = not math.isnan(practice) and not math.isnan(trust)
    return Figure(
        figure.title,
        share(practice),
        share(trust),
        bars=(_long(practice, most), _long(trust, most)) if drawn else None,
    )


def _long(value: float, most: float) -> float:
    """Return how long the bar of a share is, the largest share filling the width; none where it is not known."""
    return 0.0 if math.isnan(value) else round(_WIDEST * value / most, 1)


def _rounded(value: float, unit: str) -> str:
    if math.isnan(value):
        return NOT_SEEN
    return f"{value:,.0f}" if unit in ("people", "admissions", "days") else f"{number(value)} {unit}".strip()


def _outlier(found: StandsOut) -> Outlier:
    return Outlier(
        title=found.title,
        kind=found.kind,
        observed=f"{found.observed:,}",
        expected=f"{found.expected:,.0f}" if found.expected >= 10 else f"{found.expected:.1f}",
        ratio=f"{found.ratio:.2f}",
        interval=f"{found.low:.2f} to {found.high:.2f}",
        at=_on_scale(found.ratio),
        low=_on_scale(found.low),
        high=_on_scale(found.high),
        is_more=found.ratio > 1,
    )


def _on_scale(ratio: float) -> float:
    """Return where a ratio lies between half (0) and twice (100), on a logarithmic scale; 1 is the middle."""
    within = min(max(ratio, 1 / _FARTHEST), _FARTHEST)
    return round(_WIDEST * (math.log(within) / math.log(_FARTHEST) + 1) / 2, 1)


def _ages(summary: PracticeSummary, bands: tuple[str, ...]) -> tuple[AgeBand, ...]:
    titles = tuple(dict.fromkeys(age for age, _ in summary.pyramid))
    rows = {title: tuple(summary.pyramid.get((title, band), 0) for band in bands) for title in titles}
    most = max((sum(counts) for counts in rows.values()), default=0) or 1
    return tuple(AgeBand(title, counts, _parts(counts, most)) for title, counts in rows.items())


def _parts(counts: tuple[int, ...], most: int) -> tuple[tuple[float, float, int], ...]:
    parts, start = [], 0.0
    for grade, count in enumerate(counts):
        width = round(_WIDEST * count / most, 1)
        if width:
            parts.append((round(start, 1), width, min(grade, 3)))
        start += width
    return tuple(parts)
