"""What was found, as others than the direct-care team may be told it: the content of monitor.json.

Numbers of people and rows go by the rule of small numbers. What was decided on is what is told: figures are made of
numbers that may be told, or in steps as wide as five of them (`stability`, `feeds`, `expected`).
"""

from collections.abc import Mapping
from typing import Any

from vi_risk.evidence.predictors import feature_title
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.monitoring.expected import Figure, Held
from vi_risk.monitoring.feeds import Volume
from vi_risk.monitoring.stability import Stability
from vi_risk.monitoring.verdict import OfWindow
from vi_risk.monitoring.watching import Monitored

_PLACES = 3


def told(found: Monitored) -> dict[str, Any]:
    """Return the content of monitor.json."""
    watched, judged, rule = found.watched, found.judged, found.watched.rule
    return {
        "verdict": judged.verdict,
        "passed": list(judged.passed),
        "model": watched.spec.name,
        "model_version": watched.version,
        "run_of": watched.list_date.isoformat(),
        "today": found.today.isoformat(),
        "against": watched.against,
        "limits": watched.spec.monitoring.model_dump(mode="json"),
        "people_then": rule.count(found.people_then),
        "people_now": rule.count(found.people_now),
        "practices_not_compared": dict(found.practices.left_out),
        "notes": list(found.notes),
        "sources": [{"table": table, "moved": moved, "features": of} for table, moved, of in judged.sources],
        "absent": list(found.absent),
        "new": list(found.new),
        "gone": list(found.gone),
        "score": _stability(found.score),
        "windows": [_window(one, said, rule) for one, said in zip(found.windows, judged.windows, strict=True)],
        "features": {one.name: _stability(one) for one in found.features},
        "volumes": [_volume(one) for one in found.volumes],
    }


def titles(found: Monitored) -> Mapping[str, str]:
    """Return the title of each feature that was looked at, with the days that it looks back."""
    snapshots = found.watched.snapshots
    names = {one.name for one in found.features}
    return {one.name: feature_title(one, snapshots) for one in snapshots.catalogue.features if one.name in names}


def _stability(one: Stability) -> dict[str, Any]:
    return {
        "psi": one.psi,
        "by_chance": one.by_chance,
        "missing": [_rounded(one.missing_then), _rounded(one.missing_now)],
        "share": [_rounded(one.share_then), _rounded(one.share_now)],
        "passed": list(one.passed),
    }


def _volume(one: Volume) -> dict[str, Any]:
    return {
        "table": one.table,
        "practice": one.practice,
        "stands": one.stands,
        "rows": [one.rows_then, one.rows_now],
        "people": [one.people_then, one.people_now],
        "months": {month.isoformat(): [then, now] for month, (now, then) in one.months.items()},
    }


def _window(one: Held, said: OfWindow, rule: Disclosure) -> dict[str, Any]:
    scoring = one.scoring
    return {
        "name": scoring.name,
        "title": scoring.title,
        "counts": scoring.counts,
        "index_date": scoring.index_date.isoformat(),
        "until": None if scoring.until is None else scoring.until.isoformat(),
        "horizon_days": scoring.horizon_days,
        "scores": "told then" if scoring.kept else "looked back",
        "verdict": said.verdict,
        "why": list(said.why),
        "people": rule.count(one.people),
        "seen": rule.count(one.seen) if one.told else None,
        "expected": round(one.expected) if one.told else None,
        "observed_over_expected": _figure(one.ratio, one),
        "calibration_in_the_large": _figure(one.in_the_large, one),
        "slope": _figure(one.slope, one),
        "auroc": _figure(one.auroc, one),
        "auroc_when_tested": None if one.auroc_then is None else round(one.auroc_then[0], _PLACES),
        "mend": None if one.updating is None else one.updating.mend,
        "practices": [
            {
                "practice": practice.code,
                "seen": practice.seen,
                "expected": practice.expected,
                "observed_over_expected": (
                    None
                    if practice.seen is None or not practice.expected
                    else round(practice.seen / practice.expected, 2)
                ),
                "outside": practice.outside,
            }
            for practice in one.practices
        ],
    }


def _figure(figure: Figure | None, one: Held) -> dict[str, float] | None:
    """Return a figure from which no number can be had; of few events two places, for three would tell their number."""
    if figure is None or not one.told:
        return None
    places = _PLACES if one.seen >= 100 else _PLACES - 1
    return {name: round(getattr(figure, name), places) for name in ("value", "low", "high")}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
