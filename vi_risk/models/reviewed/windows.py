"""Windows in which a review was at work, treated as the spec declares: what they count for in training and in the test.

What is asked for is the risk of people whom no team reviews, so a review ends what a window can tell, as leaving the
area does (`vi_risk.cohort.censoring`): what would have become of the person without it is not known.

- ``exclude``: windows in which a review was at work before they ended are left out, and nobody stands for them. That
  looks into the future: whoever had the event before a review could come is kept, whoever had not is left out, so
  that risks come out too high where reviews come late in windows; and where everybody at the top is reviewed, nobody is
  left there to learn from.
- ``weight``: those who were not reviewed stand for those alike who were. How likely a review was is learnt from the
  features at the index date (trees, each person scored by those that did not see them), people are put into strata of
  it, and within each a window that no review had ended by day t counts 1 / G(t-) times, with G the Kaplan-Meier
  estimate of not being reviewed. The weights of a stratum are 1 on average (they are stabilised) and none is over 20:
  a stratum in which fewer than 5 % would be left unreviewed has no overlap and is left out whole, which is told, as
  nobody then stands for the people at the top. They hold if, among people of one stratum, who is reviewed is as likely
  to have the event as who is not.
- ``covariate``: training keeps every window, with the share of it on which a review was at work as one more column of
  the trees; the model that comes out is the one of share 0 (`vi_risk.models.reviewed.trees`). It rests on the same
  assumption, and looks into the future as ``exclude`` does.

In the test a model that tells the risk without reviews cannot be held against what became of the reviewed: their
windows count for nothing (``exclude``, ``covariate``) or are stood for by others (``weight``).

References
----------
Cole SR, Hernan MA (2008). Constructing inverse probability weights for marginal structural models. American Journal
of Epidemiology 168:656-664. doi:10.1093/aje/kwn164
van Geloven N, et al. (2020). Prediction meets causal inference: the role of treatment in clinical prediction models.
European Journal of Epidemiology 35:619-630. doi:10.1007/s10654-020-00636-1
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vi_risk.cohort.censoring import SMALLEST_SHARE_THERE, censoring_weights
from vi_risk.cohort.exposed import exposure_of
from vi_risk.cohort.reviews import reviews_of
from vi_risk.errors import InputError
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.inputs import tells_nothing
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

    from vi_risk.cohort.index_dates import Role
    from vi_risk.models.learning.calibration import Floats
    from vi_risk.models.snapshots import Snapshots

REVIEW_DAY, REVIEW_SHARE, REVIEW_STRATUM = "review_day", "review_share", "review_stratum"  # columns of the cohort

MOST_STOOD_FOR = 1 / SMALLEST_SHARE_THERE  # where one window would stand for as many, or more, there is no overlap
LEAST_REVIEWED = 50  # windows, and as many without a review: fewer do not tell who is reviewed
_STRATA, _IN_STRATUM = 10, 25  # at most so many, with so many reviewed windows in each
# Trees that tell who is likely to be reviewed; the others of the spec's learner would learn it by heart.
_TREES: Mapping[str, Any] = {
    "n_estimators": 100,
    "num_leaves": 15,
    "learning_rate": 0.05,
    "reg_lambda": 5.0,
    "calibration_folds": 3,
}


def as_if_not_reviewed(snapshots: "Snapshots", records: Records, spec: ModelSpec) -> "pd.DataFrame":
    """Return the cohort of snapshots with reviewed windows counted as the spec declares; the same one under "ignore".

    Parameters
    ----------
    snapshots
        With what the spec and its companions ask (`vi_risk.models.answers.with_answers`), and features.
    records
        Those of the snapshots; reviews that were known at the date of the list are used.

    Returns
    -------
    DataFrame
        weight, and that of each companion, changed; and review_day (`vi_risk.cohort.exposed`), missing where no review
        was at work. Under "covariate" also review_share and ``<companion>_review_share``; under "weight" also
        review_stratum, 0 for who is least likely to be reviewed, missing where there was nothing to weight.

    Raises
    ------
    InputError
        The records have no reviews at all, or reviews were at work in nearly every training window.
    """
    if spec.reviews.treated_as == "ignore":
        return snapshots.cohort
    if not records.has("mdt_reviews"):
        msg = (
            f'{spec.name}: reviews.treated_as = "{spec.reviews.treated_as}" needs mdt_reviews, which the records lack,'
            " so that who was reviewed is not known. Bring in what the meetings decided (`vi-risk reviews`), or write"
            ' treated_as = "ignore".'
        )
        raise InputError(msg)
    reviews = reviews_of(records, snapshots.index_dates.list_date)
    cohort = snapshots.cohort.copy()
    exposure = _exposure(cohort, reviews, spec, of=spec)
    cohort[REVIEW_DAY] = exposure[REVIEW_DAY]
    _refuse_everyone(cohort, spec)
    if spec.reviews.treated_as == "weight":
        cohort[REVIEW_STRATUM] = _strata(snapshots, cohort, spec)
    for asked in (spec, *spec.companions):
        before = "" if asked is spec else f"{asked.name}_"
        if f"{before}outcome" not in cohort:
            continue
        of_asked = exposure if asked is spec else _exposure(cohort, reviews, spec, of=asked)
        cohort[f"{before}weight"] *= _counts_for(cohort, of_asked, spec, of=asked)
        if spec.reviews.treated_as == "covariate":
            cohort[f"{before}{REVIEW_SHARE}"] = of_asked[REVIEW_SHARE]
    return cohort


def _exposure(cohort: "pd.DataFrame", reviews: "pd.DataFrame", spec: ModelSpec, *, of: ModelSpec) -> "pd.DataFrame":
    """Return when, and how much of its window for one of the specs, a review was at work on each row."""
    before = "" if of is spec else f"{of.name}_"
    return exposure_of(
        cohort[["patient_id", "index_date"]].assign(followed_days=cohort[f"{before}followed_days"]),
        reviews,
        horizon_days=of.horizon_days,
        effect_days=spec.reviews.effect_days,
        decisions=spec.reviews.decisions,
    )


def _refuse_everyone(cohort: "pd.DataFrame", spec: ModelSpec) -> None:
    training = cohort[cohort["role"] == "train"]
    reviewed = int(training[REVIEW_DAY].notna().sum())
    if reviewed and len(training) - reviewed < LEAST_REVIEWED:
        msg = (
            f"{spec.name}: reviews: expected at least {LEAST_REVIEWED} training windows in which no review was at work,"
            f" found {len(training) - reviewed:,} of {len(training):,}: nobody is left who shows the risk without one."
            " Let training look further back (snapshots.most), or count fewer decisions as acting on them"
            " (reviews.decisions)."
        )
        raise InputError(msg)


def _strata(snapshots: "Snapshots", cohort: "pd.DataFrame", spec: ModelSpec) -> "pd.Series[float]":
    """Return the stratum of each row by how likely a review was; missing for a role with too few to tell."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    strata = pd.Series(np.nan, index=cohort.index)
    roles: tuple[Role, ...] = ("train", "test")
    for role in roles:
        of_role = cohort[cohort["role"] == role]
        reviewed = of_role[REVIEW_DAY].notna().to_numpy()
        if min(reviewed.sum(), (~reviewed).sum()) >= LEAST_REVIEWED:
            score = _review_score(snapshots, role, reviewed, of_role["patient_id"].to_numpy(), spec)
            number = max(1, min(_STRATA, int(reviewed.sum()) // _IN_STRATUM))
            cuts = np.quantile(score[reviewed], np.arange(1, number) / number)
            strata[of_role.index] = np.searchsorted(cuts, score, side="right")
    return strata


def _review_score(
    snapshots: "Snapshots", role: "Role", reviewed: "np.ndarray[Any, Any]", patients: "np.ndarray[Any, Any]",
    spec: ModelSpec,
) -> "Floats":  # fmt: skip
    """Return how likely a review of each row was, as log-odds by trees that did not see the patient.

    All are alike where nothing that is known tells who is reviewed.
    """
    features = snapshots.blocks(role).select([feature.name for feature in spec.inputs(snapshots.catalogue)])
    telling = [name for name, no in zip(features.columns, tells_nothing(features), strict=True) if not no]
    trees = RiskClassifier(
        **_TREES,
        min_child_samples=min(spec.learner.min_child_samples, LEAST_REVIEWED),
        min_events=LEAST_REVIEWED,
        colsample=spec.learner.colsample,
        seed=spec.seed,
        num_threads=spec.learner.num_threads,
    )
    try:
        return trees.fit(features.select(telling), reviewed.astype(float), groups=patients).unseen_raw_
    except InputError:  # of patients not seen the trees do not find who is reviewed: as far as is known, chance decided
        return np.zeros(len(reviewed))


def _counts_for(cohort: "pd.DataFrame", exposure: "pd.DataFrame", spec: ModelSpec, *, of: ModelSpec) -> "Floats":
    """Return what each window counts for, beside what it does as people leave the area."""
    reviewed = exposure[REVIEW_DAY].notna().to_numpy()
    if spec.reviews.treated_as == "covariate":
        return np.where(reviewed & (cohort["role"] == "test").to_numpy(), 0.0, 1.0)
    counts = np.where(reviewed, 0.0, 1.0)
    if spec.reviews.treated_as == "weight":
        # One day later than in the window, so that day 0 is that of a review at work before it opens.
        followed = cohort["followed_days" if of is spec else f"{of.name}_followed_days"]
        ends = exposure[REVIEW_DAY].fillna(followed) + 1
        for role in ("train", "test"):
            rows = (cohort["role"] == role) & cohort[REVIEW_STRATUM].notna()
            windows = cohort.loc[rows, [REVIEW_STRATUM]].assign(
                ended=np.where(reviewed[rows], "left", "horizon"), followed_days=ends[rows]
            )
            weight = censoring_weights(windows, horizon_days=of.horizon_days + 1, by=(REVIEW_STRATUM,))
            # A bounded weight no longer stands for all who were reviewed, while the events before a review still count
            # in full: risks would come out too high. Such a stratum tells nothing.
            overlap = weight.groupby(windows[REVIEW_STRATUM]).transform("max") < MOST_STOOD_FOR
            counts[rows] = weight.where(overlap, 0.0).to_numpy()
    return counts
