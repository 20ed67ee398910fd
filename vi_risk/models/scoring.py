"""Score people with a model: a verb of the library, and what a list needs to know beside the scores.

Who objects to risk stratification is not scored (`vi_risk.models.objecting`).
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.models.companions import column_of, held_below
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats, Rows
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.uncertainty import Refits, interval_of
from vi_risk.models.objecting import objectors
from vi_risk.models.on_snapshots import Model, raw_scores, risks_of

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec

# Rows scored at once: bounds memory, and has no effect on any score.
_BATCH = 50_000


def score(
    model: Model,
    snapshots: "Snapshots",
    *,
    spec: "ModelSpec | None" = None,
    refits: Refits | pd.DataFrame | None = None,
    companions: Mapping[str, Model] | None = None,
) -> pd.DataFrame:
    """Return the risk of everyone eligible at the date of the list who does not object to risk stratification.

    Parameters
    ----------
    model, snapshots
        From `vi_risk.train` and `vi_risk.build_features`; the model may be of earlier snapshots with the same features.
    refits
        From `vi_risk.models.on_snapshots.refits_of`, or the risks by them (`risks_in_refits`), so that they are not
        counted twice: each risk then has its interval.
    companions, spec
        Model name -> model of the same people, and the spec that names them: each risk stands beside the main one.

    Returns
    -------
    DataFrame
        One row per patient by rank: patient_id, index_date, risk (probability, 0 to 1; of a model of counts
        expected_count instead), rank (1 is the highest; ties go by raw score, then by patient_id). With `refits`,
        risk_low and risk_high, between which 95 % of the refits lie. With `companions`, risk_<name> of each, or
        expected_<name> of one that counts; one that asks about the same outcome sooner is at most the main risk.

    Raises
    ------
    InputError
        The snapshots lack a feature of the model.

    Examples
    --------
    >>> scores = vi_risk.score(model, snapshots)
    >>> list(scores), bool(scores["risk"].between(0, 1).all())
    (['patient_id', 'index_date', 'risk', 'rank'], True)
    """
    cohort, features = snapshots.people("list"), snapshots.blocks("list")
    rows = _asked(cohort, objectors(snapshots))
    scores = _risks(model, cohort, features, rows, spec=spec, companions=companions)
    if refits is not None:
        risks = risks_in_refits(refits, snapshots) if isinstance(refits, Refits) else refits
        low, high = interval_of(risks.loc[scores["patient_id"]].to_numpy()).T
        place = list(scores).index("raw") + 1
        scores.insert(place, "risk_low", low)
        scores.insert(place + 1, "risk_high", high)
    return _ranked(scores)


def score_before(
    model: Model,
    snapshots: "Snapshots",
    *,
    spec: "ModelSpec",
    companions: Mapping[str, Model] | None = None,
) -> pd.DataFrame:
    """Return the risks by today's model of everyone eligible at the date of the list before.

    Those that count are no part of it: a list is never in their order. Who objects by now is not scored.

    Returns
    -------
    DataFrame
        As of `score`, without intervals.
    """
    cohort, features = snapshots.people("previous"), snapshots.blocks("previous")
    rows = _asked(cohort, objectors(snapshots) | objectors(snapshots, "previous"))
    of_risks = {name: one for name, one in (companions or {}).items() if not isinstance(one, CountRegressor)}
    return _ranked(_risks(model, cohort, features, rows, spec=spec, companions=of_risks))


def risks_in_refits(refits: Refits, snapshots: "Snapshots") -> pd.DataFrame:
    """Return the risk in each refit of everyone whom `score` scores: one row per patient_id, the index."""
    cohort, features = snapshots.people("list"), snapshots.blocks("list")
    rows = _asked(cohort, objectors(snapshots))
    risks = _of_rows(refits.risks, features, rows)
    return pd.DataFrame(risks, index=cohort["patient_id"].to_numpy()[rows])


def _asked(cohort: pd.DataFrame, left_out: Collection[str]) -> Rows:
    """Return the places in a cohort of those to score."""
    return np.flatnonzero(~cohort["patient_id"].isin(list(left_out)).to_numpy())


def _risks(
    model: Model,
    cohort: pd.DataFrame,
    features: Blocks,
    rows: Rows,
    *,
    spec: "ModelSpec | None",
    companions: Mapping[str, Model] | None,
) -> pd.DataFrame:
    """Return the risks of these rows of a cohort, the main one first, and the raw score; in the order of the rows."""
    raw = _of_rows(partial(raw_scores, model), features, rows)
    risk = risks_of(model, raw)
    told = "expected_count" if isinstance(model, CountRegressor) else "risk"
    found = cohort.iloc[rows][["patient_id", "index_date"]].assign(**{told: risk}, raw=raw)
    for companion in () if spec is None else spec.companions:
        beside = (companions or {}).get(companion.name)
        if spec is not None and beside is not None:
            own = risks_of(beside, _of_rows(partial(raw_scores, beside), features, rows))
            found[column_of(companion)], _ = held_below(spec, companion, risk, own)
    return found


def _ranked(scores: pd.DataFrame) -> pd.DataFrame:
    scores = scores.sort_values(["raw", "patient_id"], ascending=[False, True], kind="stable", ignore_index=True)
    return scores.drop(columns="raw").assign(rank=np.arange(1, len(scores) + 1))


def _of_rows(work: Callable[[Blocks], Floats], features: Blocks, rows: Rows) -> Floats:
    """Return what is said of some rows, a batch of them at once."""
    starts = range(0, max(len(rows), 1), _BATCH)  # of no rows, the columns are looked at all the same
    return np.concatenate([work(features.take(rows[start : start + _BATCH])) for start in starts])
