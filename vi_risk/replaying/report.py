"""What a replay found over time, exact, and as others than the team may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from vi_risk.evidence.disclosed import performance, rounded
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.replaying.churn import Churn
from vi_risk.replaying.delays import CostOfAMonth, CostOfDelay
from vi_risk.replaying.finds import DateEvidence
from vi_risk.replaying.not_run import NotRun

_CAPACITY = "capacity"
_MOST_THEMES = 8  # that the page follows over time: those with the highest share at any date


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found over time.

    Attributes
    ----------
    title, outcome, horizon_days
        Of the model that each date trained anew.
    known_to
        The day after the last on which the records are complete: a window that ends later is open.
    every
        The step from one date to the next, as it was asked for; "" where dates were given one by one.
    treated_as
        What the spec does about reviews (`vi_risk.models.reviewed`).
    dates, not_run
        What each date says, earliest first; and those that could not be run, with the reason.
    churn, churn_by_practice
        How each list but the first differs from those before it.
    delays
        What records that arrive late cost; `each_month`: what each month costs, taken over all of them.
    rule
        How numbers of people are told to others than the team.
    """

    title: str
    outcome: str
    source: str
    every: str
    places: int
    horizon_days: int
    treated_as: str
    known_to: date
    dates: tuple[DateEvidence, ...]
    churn: tuple[Churn, ...]
    churn_by_practice: Mapping[str, tuple[Churn, ...]]
    delays: tuple[CostOfDelay, ...]
    each_month: CostOfAMonth | None
    rule: Disclosure
    not_run: tuple[NotRun, ...] = ()

    def disclosed(self) -> dict[str, Any]:
        """Return it as JSON holds it, numbers of people told by the rule; one that is not told is None."""
        rule = self.rule
        told: dict[str, Any] = {
            "title": self.title,
            "outcome": self.outcome,
            "source": self.source,
            "places": self.places,
            "horizon_days": self.horizon_days,
            "known_to": self.known_to.isoformat(),
            "small_numbers": {"fewer_than": rule.fewer_than, "round_to": rule.round_to},
            "every": self.every,
            "reviews_treated_as": self.treated_as,
            "dates": [_date(one, rule) for one in self.dates],
            "not_run": [{"day": one.day.isoformat(), "reason": one.disclosed(rule)} for one in self.not_run],
            "churn": [{"day": one.day.isoformat(), **_churn([one], rule)} for one in self.churn],
            "churn_by_practice": {code: _churn(rows, rule) for code, rows in self.churn_by_practice.items() if rows},
            "reasons": self._reasons(),
            "delays": [_delay(one, rule) for one in self.delays],
            "each_month_late": self._each_month(),
        }
        return {name: rounded(part) for name, part in told.items()}

    def _each_month(self) -> dict[str, Any] | None:
        """Return what each month costs; nothing where the numbers that it is made of are not told."""
        one, rule = self.each_month, self.rule
        if one is None or any(_delay(delay, rule)["lost"] is None for delay in self.delays):
            return None
        low, high = one.interval
        return {
            "listed": rule.count(one.listed),
            "lost": rule.difference(one.lost),
            "interval": rule.ends(one.interval),
            "beyond_chance": "lost" if low > 0 else "gained" if high < 0 else None,
        }

    def _reasons(self) -> dict[str, list[float | None]]:
        """Return theme -> share of the listed whose risk it raises, at each date; the themes seen most."""
        shares = {
            theme: [self.rule.share(one.themes.get(theme, 0), one.listed) for one in self.dates]
            for theme in sorted({theme for one in self.dates for theme in one.themes})
        }
        most = sorted(shares, key=lambda theme: (-max((share or 0.0) for share in shares[theme]), theme))
        return {theme: shares[theme] for theme in most[:_MOST_THEMES]}


def _date(one: DateEvidence, rule: Disclosure) -> dict[str, Any]:
    told: dict[str, Any] = {
        "day": one.day.isoformat(),
        "closed": one.closed,
        "people": rule.count(one.people),
        "listed": rule.count(one.listed),
        "trained_on": {"rows": rule.count(one.rows), "events": rule.count(one.training_events)},
    }
    if not one.closed:
        return told
    as_evidence = {
        "n": one.people,
        "events": one.events,
        "auroc": one.auroc,
        "auroc_interval": one.auroc_interval,
        "calibration_slope": one.slope,
        "calibration_in_the_large": one.in_the_large,
        "at": {_CAPACITY: {"n": one.listed, "true_cases": one.true_cases, "ppv": one.ppv}},
        "intervals": {
            "calibration_slope": one.slope_interval,
            "calibration_in_the_large": one.in_the_large_interval,
        },
    }
    found = performance(as_evidence, rule)
    at_capacity = found.pop("at")[_CAPACITY]
    return {
        **told,
        "events": found["events"],
        **{name: found[name] for name in ("auroc", "auroc_interval", "calibration_slope", "calibration_in_the_large")},
        "intervals": found["intervals"],
        "true_cases": at_capacity["true_cases"],
        "ppv": at_capacity["ppv"],
        "new": rule.part(one.new, one.true_cases),
        "rule_true_cases": rule.part(one.rule_true_cases, one.listed),
        "beyond_rule": rule.part(one.beyond_rule, one.true_cases),
        "reviewed": rule.part(one.reviewed, one.listed),
    }


def _churn(rows: Sequence[Churn], rule: Disclosure) -> dict[str, int | None]:
    """Return the churn of one list, or of several added up, as it may be told."""
    names = ("new", "stayed", "returned")
    parts = rule.table({name: sum(getattr(one, name) for one in rows) for name in names})
    return {
        "listed": rule.count(sum(one.listed for one in rows)),
        **parts,
        "left": rule.count(sum(one.left for one in rows)),
    }


def _delay(one: CostOfDelay, rule: Disclosure) -> dict[str, Any]:
    beyond = "lost" if one.interval[0] > 0 else "gained" if one.interval[1] < 0 else None
    told = {
        "months": one.months,
        "lists": one.lists,
        "listed": rule.count(one.listed),
        "true_cases": rule.part(one.true_cases, one.listed),
        "found_late": rule.part(one.found_late, one.listed),
    }
    if told["true_cases"] is None or told["found_late"] is None:
        return {**told, "lost": None, "interval": None, "beyond_chance": None}
    return {**told, "lost": rule.difference(one.lost), "interval": rule.ends(one.interval), "beyond_chance": beyond}
