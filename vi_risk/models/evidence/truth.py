"""How near a model comes to the true risk, which only the synthetic trust knows: `evaluate --truth`.

No other verb reads `truth.parquet`; nothing here reaches a feature, a model or a list.
"""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import ArrayLike

from vi_risk.errors import InputError, UsageError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.calibration import Floats, Rows
from vi_risk.models.spec import ModelSpec

RESAMPLES = 1000
_TENTHS = 10
_MOST_NAMED = 8
_LEAST_KNOWN = 0.95  # of the test patients; a death that the records do not know of yet leaves out one in thousands
_COLUMNS = ("patient_id", "index_date", "outcome", "horizon_days", "true_risk")
_FROM_THE_SAME_TRUST = (
    "Give the file that `vi-risk synth` wrote beside these very records (the same --patients, --seed and --span)."
)


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the patients by the model's risk: what the model says of them, and what is true."""

    n: int
    mean_risk: float
    mean_true_risk: float


@dataclass(frozen=True, slots=True)
class AgainstTruth:
    """A model beside the true risk on the same patients; None stands for what they cannot tell.

    Attributes
    ----------
    n, left_out
        Test patients whose true risk is known, and the others.
    auroc, auroc_interval
        Of the true risk, against the outcomes that came: the best that any model can attain but for chance.
    share_of_best
        (model_auroc - 0.5) / (auroc - 0.5), with a 95 % interval from resampling patients.
    correlation
        Pearson's, of the model's risk and the true risk.
    tenths
        Calibration against the true risk, from the tenth of lowest risk to that of highest.
    """

    n: int
    left_out: int
    auroc: float
    auroc_interval: tuple[float, float]
    model_auroc: float
    share_of_best: float
    share_of_best_interval: tuple[float, float] | None
    correlation: float | None
    mean_absolute_difference: float
    tenths: tuple[Tenth, ...]


def read_truth(path: Path, spec: ModelSpec, index_date: date) -> "pd.Series[float]":
    """Return the true risk of what a spec predicts at an index date, by patient_id.

    Raises
    ------
    UsageError
        There is no such file.
    InputError
        It is not Parquet, lacks a column, or has no row for the outcome, horizon and index date.
    """
    if not path.is_file():
        msg = f"--truth {path}: no such file. Make it: `vi-risk synth --index-date {index_date}` writes truth.parquet."
        raise UsageError(msg)
    name = path.name
    try:
        rows = pq.read_table(path)
    except (pa.ArrowException, OSError):
        msg = f"{name}: is not a whole Parquet file. Give the truth.parquet that `vi-risk synth` wrote."
        raise InputError(msg) from None
    if lacking := [column for column in _COLUMNS if column not in rows.column_names]:
        msg = (
            f"{name}: expected the columns {', '.join(_COLUMNS)}, found no {', '.join(lacking)}."
            " Give the truth.parquet that `vi-risk synth` wrote."
        )
        raise InputError(msg)
    try:
        rows = rows.select(_COLUMNS).cast(
            pa.schema(zip(_COLUMNS, (pa.string(), pa.date32(), pa.string(), pa.int64(), pa.float64()), strict=True))
        )
    except (pa.ArrowException, ValueError):
        msg = (
            f"{name}: expected patient_id and outcome as text, index_date as a day, horizon_days and true_risk as"
            " numbers. Give the truth.parquet that `vi-risk synth` wrote."
        )
        raise InputError(msg) from None
    wanted = {
        "outcome": (spec.outcome, "The synthetic trust knows the true risk of no other outcome"),
        "horizon_days": (spec.horizon_days, "Make it in Python: `write_trust(..., horizon_days=...)`"),
        "index_date": (index_date, f"Make it: `vi-risk synth --index-date {index_date}`, all else as before"),
    }
    for column, (value, advice) in wanted.items():
        asked = rows.filter(pc.equal(rows[column], pa.scalar(value, rows.schema.field(column).type)))
        if not asked.num_rows:
            found = "others" if column == "outcome" else _few(pc.unique(rows[column].drop_null()).to_pylist())
            msg = f"{name}: {column}: expected {value}, as in the run, found {found}. {advice}."
            raise InputError(msg)
        rows = asked
    return pd.Series(
        rows["true_risk"].to_numpy(),
        index=pd.Index(rows["patient_id"].to_pylist(), name="patient_id", dtype="str"),
        name="true_risk",
    )


def _few(values: list[int] | list[date]) -> str:
    shown = [str(value) for value in sorted(values)[:_MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(values) - len(shown)} more" if len(values) > len(shown) else "") or "none"


def hold_against_truth(
    risk: Floats,
    y: Floats,
    patient_id: "pd.Series[str]",
    true_risk: "pd.Series[float]",
    *,
    seed: int,
    weight: ArrayLike | None = None,
) -> AgainstTruth:
    """Return how near the model's risks come to the true ones.

    Parameters
    ----------
    risk, y, patient_id
        The model's risk, the outcome (0 or 1) and the pseudonym of each test patient.
    true_risk
        The true risk by patient_id; of more patients than these, maybe.
    seed
        Of the resampling of patients.
    weight
        How much each outcome counts, for both AUROCs. What is said of the risks alone is of every patient.

    Raises
    ------
    InputError
        A true risk is missing, outside 0 to 1 or there twice; too few of the test patients have one; or the true risks
        do not tell who had the outcome, as those of another trust do not.
    """
    _check(true_risk)
    true = np.asarray(true_risk.reindex(patient_id), dtype=np.float64)
    known = ~np.isnan(true)
    if known.sum() < _LEAST_KNOWN * len(known):
        msg = (
            f"true risks: expected one for each test patient, found {int(known.sum()):,} of {len(known):,}."
            f" {_FROM_THE_SAME_TRUST}"
        )
        raise InputError(msg)
    given = weights_of(weight, y.size, where="true risks")
    risk, true, y, given = risk[known], true[known], y[known], None if given is None else given[known]
    best, own = metrics.auroc(true, y, given), metrics.auroc(risk, y, given)
    interval = metrics.auroc_interval(true, y, given)
    if best is None or own is None or interval is None or interval[0] <= 0.5:
        shown = "" if interval is None else f" (AUROC {interval[0]:.3f} to {interval[1]:.3f})"
        msg = (
            "true risks: expected that they tell who had the outcome among the test patients, found no more than"
            f" chance{shown}. {_FROM_THE_SAME_TRUST} With few outcomes take more people."
        )
        raise InputError(msg)
    spread = risk.min() < risk.max() and true.min() < true.max()
    groups = np.array_split(np.argsort(risk, kind="stable"), _TENTHS)
    return AgainstTruth(
        n=int(known.sum()),
        left_out=int((~known).sum()),
        auroc=best,
        auroc_interval=interval,
        model_auroc=own,
        share_of_best=(own - 0.5) / (best - 0.5),
        share_of_best_interval=_share_interval(risk, true, y, given, np.random.default_rng(seed)),
        correlation=float(np.corrcoef(risk, true)[0, 1]) if spread else None,
        mean_absolute_difference=float(np.abs(risk - true).mean()),
        tenths=tuple(
            Tenth(rows.size, float(risk[rows].mean()), float(true[rows].mean())) for rows in groups if rows.size
        ),
    )


def _check(true_risk: "pd.Series[float]") -> None:
    faults = {
        "are missing": int(true_risk.isna().sum()),
        "lie outside 0 to 1": int(((true_risk < 0) | (true_risk > 1)).sum()),
        "repeat a patient": int(true_risk.index.duplicated().sum()),
    }
    told = [
        f"true risks: {rows:,} of {len(true_risk):,} rows {fault}. Make the file again with `vi-risk synth`."
        for fault, rows in faults.items()
        if rows
    ]
    if told:
        raise InputError("\n".join(told))


def _share_interval(
    risk: Floats, true: Floats, y: Floats, weight: Floats | None, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return the 2.5th and 97.5th percentile of the share over resampled patients, the same ones for both AUROCs."""
    own, best = _AurocOfResamples.of(risk, y == 1), _AurocOfResamples.of(true, y == 1)
    shares = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):
        times_drawn = np.bincount(rng.integers(0, len(y), len(y), dtype=np.int32), minlength=len(y))
        counts = times_drawn if weight is None else times_drawn * weight
        attainable = best.auroc(counts)
        if not attainable > 0.5:
            return None
        shares[resample] = (own.auroc(counts) - 0.5) / (attainable - 0.5)
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class _AurocOfResamples:
    """One score, ranked once, so that the AUROC of a resample of its patients needs no sorting."""

    events: Rows
    others: Rows  # from the lowest score to the highest
    below: Rows  # of each event: the others below it, and those below or level
    up_to: Rows

    @classmethod
    def of(cls, score: Floats, event: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Self:
        events, others = np.flatnonzero(event), np.flatnonzero(~event)
        others = others[np.argsort(score[others])]
        below, up_to = (np.searchsorted(score[others], score[events], side=side) for side in ("left", "right"))
        return cls(events, others, below, up_to)

    def auroc(self, counts: Rows | Floats) -> float:
        """Return the share of pairs of an event and another that the event outranks, ties half; NaN without pairs.

        `counts` is how often each patient was drawn, or that times how much the outcome counts.
        """
        outranked = np.append(0, np.cumsum(counts[self.others]))
        events = counts[self.events]
        pairs = float(events.sum()) * float(outranked[-1])
        return float(events @ (outranked[self.below] + outranked[self.up_to])) / (2 * pairs) if pairs else math.nan
