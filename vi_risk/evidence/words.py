"""Results as lines for a log, and what about them should stop a reader."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.card.figures import words_of
from vi_risk.models.comparators.learners import LEARNERS

# Models of admissions reach an AUROC of 0.77 to 0.80 on whole populations (QAdmissions, SPARRA). Models of death reach
# more, and three admissions in a year are told by those of the year before. Above lies a leak until shown otherwise.
_TOO_GOOD = 0.90
_TOO_GOOD_OF: Mapping[str, float] = MappingProxyType({"death": 0.95, "high_intensity": 0.95})


def in_words(performance: Mapping[str, Any]) -> str:
    """Return one set of results, of a risk or of an expected count, as a line for a log."""
    listed = performance["at"]["capacity"]
    if "auroc" in performance:
        found = f"PPV {_shown(listed['ppv'])} and sensitivity {_shown(listed['sensitivity'])}"
        figures = {"AUROC": "auroc", "AUPRC": "auprc", "calibration slope": "calibration_slope"}
    else:
        found = f"{_shown(listed['share_of_observed'])} of all that was counted"
        figures = {
            "deviance explained": "deviance_explained",
            "rank correlation": "rank_correlation",
            "calibration slope": "calibration_slope",
        }
    told = ", ".join(f"{words} {_shown(performance[name])}" for words, name in figures.items())
    return f"{told}, {found} at capacity ({listed['n']:,} people)"


def _shown(value: float | None) -> str:
    return "not estimable" if value is None else f"{value:.3f}"


def truth_in_words(truth: Mapping[str, Any]) -> str:
    """Return how near the model comes to the true risk, as a line for a log."""
    interval = truth["share_of_best_interval"]
    between = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return (
        f"the true risk reaches AUROC {truth['auroc']:.3f}; the model attains {truth['share_of_best']:.3f}{between} of"
        f" the best attainable and lies {truth['mean_absolute_difference']:.3f} from the true risk on average"
    )


def doubts(evaluation: Mapping[str, Any], *, outcome: str = "") -> tuple[str, ...]:
    """Say what about a result should stop a reader: no better than chance or than a simple rule, or too good.

    Parameters
    ----------
    outcome
        Name of what is predicted; what is too good to be true differs between outcomes.
    """
    if evaluation.get("kind") == "count":
        return tuple(_doubts_of_counts(evaluation))
    model = evaluation["model"]
    auroc, interval = model["auroc"], model["auroc_interval"]
    if auroc is None:
        return ()
    found = []
    too_good = _TOO_GOOD_OF.get(outcome, _TOO_GOOD)
    if interval is not None and interval[0] <= 0.5:
        found.append("on these patients the model cannot be told from chance: its interval of the AUROC reaches 0.5")
    if auroc > too_good:
        found.append(f"an AUROC above {too_good} for such an outcome is a leak until shown otherwise: find it")
    found += [
        f"the simple rule “{words_of(name)}” ranks these patients at least as well"
        for name, other in evaluation["comparators"].items()
        if name not in LEARNERS and other["auroc"] is not None and other["auroc"] >= auroc
    ]
    found += [
        f"another way to learn from the same features, “{words_of(name)}”, ranks these patients better, by more than"
        " chance"
        for name, other in evaluation["comparators"].items()
        if name in LEARNERS and (interval := other["difference"]["auroc"]["interval"]) is not None and interval[1] < 0
    ]
    found += [
        f"“{words_of(name)}” finds more true cases in as many places, by more than chance: {_more(more)}"
        for name, other in evaluation["comparators"].items()
        if (more := other.get("difference", {}).get("true_cases.capacity") or {}).get("interval") is not None
        and more["interval"][1] < 0
    ]
    share = evaluation.get("truth", {}).get("share_of_best_interval")
    if share is not None and share[0] > 1:
        found.append("the model ranks these patients better than their true risk does, which only a leak can: find it")
    return tuple(found)


def _more(difference: Mapping[str, Any]) -> str:
    """Return how many more another way finds, as others than the team may be told it: this is said on the card too."""
    rule = Disclosure()
    low, high = rule.ends([-end for end in reversed(difference["interval"])]) or (0, 0)
    return f"about {rule.words(-difference['value'])} more ({low} to {high})"


def _doubts_of_counts(evaluation: Mapping[str, Any]) -> Iterator[str]:
    model = evaluation["model"]
    explained = model["deviance_explained"]
    if explained is None:
        return
    if explained <= 0:
        yield "on these patients the model tells no more than giving everyone the mean does"
    for name, other in evaluation["comparators"].items():
        if other["deviance_explained"] is not None and other["deviance_explained"] >= explained:
            yield f"the simple rule “{words_of(name)}” tells at least as much about these patients"
