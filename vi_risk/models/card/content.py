"""What a model card is told: every number comes from the run, every sentence from here or from the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Kind = Literal["yes_no", "count"]

INTENDED_USE = (
    "To help a multidisciplinary team choose whom to discuss, by ranking people. Decision support: to be reviewed by a"
    " clinician."
)
INTENDED_USERS = (
    "Multidisciplinary teams: GPs, community matrons, pharmacists, physiotherapists, social prescribers.",
    "Analysts who train, check and run the model inside the trust.",
)
NOT_FOR = (
    "Deciding by itself about anyone's care, or refusing or ending a service.",
    "Urgent assessment: it does not know what happened today.",
    "Telling what would prevent the outcome: reasons are what the model weighed, not causes.",
    "People unlike those it was tested on: another place, another age range, another period.",
    "Judging practices or staff.",
)


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """How a feature moved the predictions of a sample of the people tested.

    Attributes
    ----------
    importance
        Mean absolute contribution (SHAP value), on the scale of the log-odds or, of counts, of the logarithm.
    declared
        What its declaration says of a higher value: raises (``"up"``), lowers (``"down"``) or neither (``"none"``).
    correlation
        Rank correlation of value and mean contribution over tenths of the sample; None where either does not vary.
    known
        Share of the people tested of whom the value is known.
    training_mean, test_mean
        Mean of the known values; None where that could tell of a few people.
    """

    title: str
    domain: str
    importance: float
    declared: str = "none"
    correlation: float | None = None
    known: float | None = None
    training_mean: float | None = None
    test_mean: float | None = None


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of the records: its rows, and the last day seen in it."""

    name: str
    rows: int
    seen_to: date | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """How the time of the people asked about ended, and what those stand for whose outcome is known.

    Attributes
    ----------
    ended
        "event", "died", "left" or "horizon" (followed to its end) -> people.
    least_weight, most_weight
        Smallest and largest weight of those whose outcome is known; None where nobody's is.
    """

    people: int
    ended: Mapping[str, int]
    least_weight: float | None = None
    most_weight: float | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A risk that stands beside the main one on every list, and how it did on the same people.

    Attributes
    ----------
    words
        The outcome as it completes "chance of ...".
    observed, mean_risk
        Share who had it, and the mean of the risks given.
    share_capped
        Share of people whose shorter-term risk was lowered to the longer-term one; None where it is not capped.
    """

    words: str
    horizon_days: int | None = None
    events: int | None = None
    observed: float | None = None
    mean_risk: float | None = None
    auroc: float | None = None
    auroc_interval: Sequence[float] | None = None
    calibration_slope: float | None = None
    share_capped: float | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the card says.

    Attributes
    ----------
    outcome
        As it completes "chance of ..." or, of a count, "expected number of ...".
    index_dates
        The dates asked about, by role: {"train": [...], "test": [...], "list": [...]}.
    cohort_flow
        What was done in order -> people left (or left out, as the text says), by the same roles.
    evaluation
        The content of evaluation.json; any value may be None.
    checksum
        SHA-256 of the model file, by which a score is traced to this card.
    definition
        What counts as the outcome, a sentence each.
    characteristics
        Attribute -> label -> role -> people.
    making
        How the model was made: what -> how, in order.
    doubts
        What should stop a reader before all else.
    notes
        What the records lack or show in part.
    promotion
        By which rule a version comes into use, and what came of it, a sentence each.
    """

    title: str
    version: str
    outcome: str
    index_dates: Mapping[str, Sequence[date]]
    cohort_flow: Mapping[str, Mapping[str, int]]
    features: Sequence[FeatureImportance]
    evaluation: Mapping[str, Any]
    limits: Sequence[str]
    warnings: Sequence[str]  # of the record check
    versions: Mapping[str, str]
    checksum: str
    kind: Kind = "yes_no"
    horizon_days: int | None = None
    min_age: int | None = None
    definition: Sequence[str] = ()
    sources: Sequence[str] = ()
    tables: Sequence[SourceTable] = ()
    practices: int | None = None
    characteristics: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    mean_age: Mapping[str, float] = field(default_factory=dict)  # by role
    follow_up: Mapping[str, FollowUp] = field(default_factory=dict)  # by role
    training: Mapping[str, int] = field(default_factory=dict)  # rows, patients, events
    making: Mapping[str, str] = field(default_factory=dict)
    companions: Sequence[Companion] = ()
    recalibrated_from: str | None = None
    promotion: Sequence[str] = ()
    doubts: Sequence[str] = ()
    notes: Sequence[str] = ()
    intended_use: str = INTENDED_USE
    intended_users: Sequence[str] = INTENDED_USERS
    not_for: Sequence[str] = NOT_FOR
