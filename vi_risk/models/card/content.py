"""What a model card is told: every number comes from the run, every sentence from here or from the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from vi_risk.governance.small_numbers import Disclosure

Kind = Literal["yes_no", "count"]

ASKED_ABOUT = "asked about"  # the step of the flow at which rows are left as a model takes them
RECALIBRATED: Mapping[str, str] = MappingProxyType(
    {
        "in_the_large": "moved until as many are expected as were seen",
        "slope": "moved until as many are expected as were seen, and spread or drawn together",
    }
)

INTENDED_USE = (
    "To help a multidisciplinary team choose whom to discuss, by ranking people. Decision support: to be reviewed by a"
    " clinician."
)
# What vi_risk makes no lists by: expected counts.
INTENDED_USE_OF_COUNTS = (
    "To tell how much is to be expected of whom, for planning. vi_risk makes no lists by it; whoever ranks people by it"
    " for review needs a clinician to review them."
)
INTENDED_USERS = (
    "Multidisciplinary teams: GPs, community matrons, pharmacists, physiotherapists, social prescribers.",
    "Analysts who train, check and run the model inside the trust.",
)
INTENDED_USERS_OF_COUNTS = ("Those who plan services inside the trust.", INTENDED_USERS[1])
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
    rows: int | None
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

    people: int | None
    ended: Mapping[str, int | None]
    least_weight: float | None = None
    most_weight: float | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A risk that stands beside the main one on every list, and how it did on the same people.

    Attributes
    ----------
    words
        The outcome as it completes "chance of ...".
    events, training_events
        Who had it among those tested, and the training rows that had it; None where that is not known.
    observed, mean_risk
        Share who had it, and the mean of the risks given.
    share_capped
        Share of people whose shorter-term risk was lowered to the longer-term one; None where it is not capped.
    trained
        Whether there is a model of it; without one it stands on no list.
    counts
        Whether it is an expected number: `observed` and `mean_risk` are then mean numbers.
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
    training_events: int | None = None
    trained: bool = True
    counts: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the card says; numbers of people are as they may be told, and None where they may not.

    Attributes
    ----------
    outcome
        As it completes "chance of ..." or, of a count, "expected number of ...".
    index_dates
        The dates asked about, by role: {"train": [...], "test": [...], "list": [...]}.
    cohort_flow
        What was done in order -> people left (or left out, as the text says), by the same roles.
    evaluation
        The content of evaluation.json, as it may be told; any value may be None.
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
        By which rule a version comes into use, a sentence each.
    index
        Whether everyone was asked about at a date, or people on the days after their discharges: then one discharge of
        each is tested, whose weight holds how many they had, and figures are of discharges.
    capacity
        Places that each practice's list has; None where that is not known.
    asked
        Rows asked about, by role.
    choice
        Which of the declared features the model may use, a sentence each.
    small_numbers
        The rule by which numbers of people are told.
    recalibrated_how
        "in_the_large" or "slope", of a model whose calibration alone was fitted anew (`recalibrated_from`).
    """

    title: str
    version: str
    outcome: str
    index_dates: Mapping[str, Sequence[date]]
    cohort_flow: Mapping[str, Mapping[str, int | None]]
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
    characteristics: Mapping[str, Mapping[str, Mapping[str, int | None]]] = field(default_factory=dict)
    mean_age: Mapping[str, float] = field(default_factory=dict)  # by role
    follow_up: Mapping[str, FollowUp] = field(default_factory=dict)  # by role
    training: Mapping[str, int | None] = field(default_factory=dict)  # rows, patients, events
    making: Mapping[str, str] = field(default_factory=dict)
    companions: Sequence[Companion] = ()
    recalibrated_from: str | None = None
    promotion: Sequence[str] = ()
    doubts: Sequence[str] = ()
    notes: Sequence[str] = ()
    intended_use: str = INTENDED_USE
    intended_users: Sequence[str] = INTENDED_USERS
    not_for: Sequence[str] = NOT_FOR
    index: Literal["date", "discharge"] = "date"
    capacity: int | None = None
    asked: Mapping[str, int | None] = field(default_factory=dict)  # by role
    choice: Sequence[str] = ()
    recalibrated_how: str | None = None
    git_revision: str | None = None
    small_numbers: Disclosure = field(default_factory=Disclosure)

    @property
    def of_discharges(self) -> bool:
        """Whether what is tested, and what figures are of, are discharges, not people at a date."""
        return self.index == "discharge"
