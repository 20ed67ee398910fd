"""How many of those at the top a team had reviewed: whether a model would learn from its own success."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.cohort.exposed import exposure_of
from vi_risk.models.reviewed.windows import LEAST_REVIEWED, MOST_STOOD_FOR, REVIEW_DAY, REVIEW_STRATUM
from vi_risk.models.spec import ModelSpec
from vi_risk.records.codes import MDT_DECISION

if TYPE_CHECKING:
    from vi_risk.models.learning.calibration import Floats
    from vi_risk.models.snapshots import Snapshots

_WAYS = {
    "exclude": "are left out",
    "covariate": "are learnt from with the share of them on which it was, and the model is the one of no review",
    "weight": "count for nothing, and people alike without one stand for them",
}


@dataclass(frozen=True, slots=True)
class AtTheTop:
    """The training windows of the highest scores, and those of them in which a review was at work before they ended.

    Attributes
    ----------
    windows, events
        At the top of each training date (after a discharge, where each has a date of its own, of all of them), all of
        them and those that ended in the outcome.
    windows_reviewed, events_reviewed
        Of these, after a review.
    """

    windows: int
    events: int
    windows_reviewed: int
    events_reviewed: int

    @property
    def share(self) -> float:
        """The share reviewed, of the events or of all windows: the greater, as help leaves few events."""
        return max(
            self.events_reviewed / self.events if self.events else 0.0,
            self.windows_reviewed / self.windows if self.windows else 0.0,
        )


def at_the_top(snapshots: "Snapshots", spec: ModelSpec, unseen: "Floats") -> AtTheTop | None:
    """Return how much of the top of the training rows was reviewed; None where reviews are not at hand.

    Parameters
    ----------
    unseen
        Score of each training row whose outcome is known, by trees that did not see the patient, in their order.
    """
    if snapshots.particulars is None:
        return None
    answers = snapshots.answers("train")
    known = (answers["weight"] > 0).to_numpy()
    rows = snapshots.people("train")[known]
    exposure = exposure_of(
        rows,
        snapshots.particulars.reviews,
        horizon_days=spec.horizon_days,
        effect_days=spec.reviews.effect_days,
        decisions=spec.reviews.decisions,
    )
    top = _top(rows, unseen, spec)
    event = (answers.loc[known, "outcome"] > 0).to_numpy()
    reviewed = exposure["review_day"].notna().to_numpy()
    return AtTheTop(
        int(top.sum()), int((top & event).sum()), int((top & reviewed).sum()), int((top & event & reviewed).sum())
    )


def doubt_of(found: AtTheTop | None, spec: ModelSpec) -> str | None:
    """Return in words that a model was taught by reviewed people, where that was more than the spec's share."""
    reviews = spec.reviews
    if found is None or reviews.treated_as != "ignore" or found.share <= reviews.warn_share:
        return None
    return (
        f"reviews: of the {100 * reviews.top_share:g} % of training windows with the highest scores a review was at"
        f" work in {_share(found.windows_reviewed, found.windows)}, and before"
        f" {_share(found.events_reviewed, found.events)} of their events (the spec warns from"
        f" {100 * reviews.warn_share:g} %). Where reviews help, the model learns that the sickest are safe. Declare in"
        ' the spec what is done about them, [reviews] treated_as = "exclude", "covariate" or "weight";'
        " docs/retraining.md tells what each can and cannot mend."
    )


def nobody_left(snapshots: "Snapshots", spec: ModelSpec, score: "Floats") -> str | None:
    """Return in words that hardly any window at the top is left without a review, where they are left out or marked.

    Under "weight" `treated_in_words` tells where there is no overlap, stratum by stratum.

    Parameters
    ----------
    score
        Of each training row, known or not, in their order.
    """
    if spec.reviews.treated_as not in ("exclude", "covariate"):
        return None
    training = snapshots.people("train")
    of_top = training.loc[_top(training, score, spec), REVIEW_DAY]
    without = int(of_top.isna().sum())
    if without * MOST_STOOD_FOR >= len(of_top):
        return None
    return (
        f"reviews: of the {100 * spec.reviews.top_share:g} % of training windows with the highest scores"
        f" {_share(without, len(of_top))} had no review, fewer than 1 in {MOST_STOOD_FOR:.0f}: hardly anybody there"
        " shows the risk without one, and the risks at the top rest on people further down. Let training look further"
        " back (snapshots.most), or keep a tie band on the lists."
    )


def treated_in_words(snapshots: "Snapshots", spec: ModelSpec) -> tuple[list[str], list[str]]:
    """Return what was done about reviewed training windows, and what a reader must know of it, a sentence each."""
    if spec.reviews.treated_as == "ignore":
        return [], []
    training = snapshots.people("train")
    reviewed = training[REVIEW_DAY].notna()
    number = int(reviewed.sum())
    if not number:
        return ["reviews: at work in no training window, so there was nothing to treat"], []
    way = _WAYS[spec.reviews.treated_as]
    said = [f"reviews: at work in {number:,} of {len(training):,} training windows, which {way}"]
    if spec.reviews.treated_as != "weight":
        return said, []
    if training[REVIEW_STRATUM].isna().all():
        too_few = (
            f"reviews: expected at least {LEAST_REVIEWED} reviewed training windows to tell who is reviewed, found"
            f" {number:,}: they are left out, and nobody stands for them."
        )
        return said, [too_few]
    weight, stratum = training["weight"], training[REVIEW_STRATUM]
    left = (~reviewed).astype(float).groupby(stratum).mean()
    bare = weight.groupby(stratum).sum() == 0
    said.append(_strata_in_words(left, float(weight.max())))
    if not bare.any():
        return said, []
    windows = int(stratum.isin(bare.index[bare]).sum())
    no_overlap = (
        f"reviews: in {int(bare.sum())} of {len(left)} strata of how likely one was ({windows:,} windows) fewer than 1"
        f" in {MOST_STOOD_FOR:.0f} would be left unreviewed: weights cannot make up for people of whom hardly anybody"
        " is, so these are left out and the risks at the top rest on others. Let training look further back"
        " (snapshots.most), or keep a tie band on the lists."
    )
    return said, [no_overlap]


def _strata_in_words(left: "pd.Series[float]", largest: float) -> str:
    """Return what strata there are, of the share of each that had no review."""
    if len(left) == 1:
        return (
            "reviews: nothing tells who is likely to have one, so that all windows without one count alike;"
            f" the largest weight is {largest:.1f}"
        )
    return (
        f"reviews: {len(left)} strata of how likely one was; in the likeliest {100 * float(left.iloc[-1]):.0f} % of"
        f" windows had none; the largest weight is {largest:.1f}"
    )


def on_the_card(spec: ModelSpec) -> dict[str, str]:
    """Return how reviewed windows were treated, as a card tells it of the making of a model; nothing under "ignore"."""
    reviews = spec.reviews
    if reviews.treated_as == "ignore":
        return {}
    decided = ", ".join(MDT_DECISION[decision].partition(":")[0] for decision in reviews.decisions)
    told = (
        f"windows in which a review ({decided}) was at work, for {reviews.effect_days:,} days from its own,"
        f" {_WAYS[reviews.treated_as]}; risks are those without a review, and the test is treated likewise"
    )
    return {"Reviewed by a team": told}


def _top(rows: pd.DataFrame, score: "Floats", spec: ModelSpec) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Return which rows are of the highest scores: of each date, but where a date is that of one discharge."""
    together = rows["index_date"] if spec.cohort.index == "date" else np.zeros(len(rows))
    scores = pd.Series(score, index=rows.index).groupby(together)
    places = np.ceil(spec.reviews.top_share * scores.transform("size"))
    return np.asarray(scores.rank(ascending=False, method="first") <= places, dtype=bool)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "none"
