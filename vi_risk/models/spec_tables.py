"""The tables of a model spec, each frozen and checked: who, when, from what, learnt how, held to what."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from vi_risk.features.definition import Domain
from vi_risk.records.codes import MDT_DECISION

Days = Annotated[int, Field(ge=1, le=36_525)]
Share = Annotated[float, Field(gt=0, le=1)]
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class CohortSpec(BaseModel):
    """Who is asked about: everyone at a date, or everyone on the day after an emergency stay ended."""

    model_config = STRICT

    min_age: Annotated[int, Field(ge=0, le=120)] = 18
    index: Literal["date", "discharge"] = "date"


class SnapshotSpec(BaseModel):
    """When: how training index dates step back from the latest one possible."""

    model_config = STRICT

    every_days: Days = 91
    most: Annotated[int, Field(ge=1, le=60)] = 6
    min_lookback_days: Annotated[int, Field(ge=0, le=36_525)] = 365


class FeatureSpec(BaseModel):
    """Which declared features the model may use."""

    model_config = STRICT

    domains: Annotated[tuple[Domain, ...], Field(strict=False, min_length=1)] = get_args(Domain)
    exclude: Annotated[tuple[str, ...], Field(strict=False)] = ()
    include: Annotated[tuple[str, ...], Field(strict=False)] = ()
    as_at_extract: Annotated[tuple[str, ...], Field(strict=False)] = ()


class CensoringSpec(BaseModel):
    """What is done about people who leave the area before their outcome window is over."""

    model_config = STRICT

    left_area: Literal["weight", "drop", "ignore"] = "weight"


class ReviewsSpec(BaseModel):
    """What is done about people whom a team reviewed: their outcomes no longer show what would have been without it."""

    model_config = STRICT

    treated_as: Literal["ignore", "exclude", "covariate", "weight"] = "ignore"
    decisions: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = ("accepted",)  # after which a team acts
    effect_days: Days = 180
    top_share: Share = 0.05  # of the training rows of each date, those of the highest scores
    warn_share: Share = 0.2

    @field_validator("decisions")
    @classmethod
    def _are_known(cls, decisions: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted({*decisions} - {*MDT_DECISION}):
            msg = f"expected decisions of {', '.join(MDT_DECISION)}, found {', '.join(unknown)}"
            raise ValueError(msg)
        return decisions


class SplitSpec(BaseModel):
    """Who is held out at the test date, beside everything that comes after training: nobody else, or whole groups."""

    model_config = STRICT

    by: Literal["time", "practice", "network", "patient"] = "time"
    folds: Annotated[int, Field(ge=2, le=1000)] = 5


class LearnerSpec(BaseModel):
    """Parameters of the estimator, by the same names; the seed is the spec's own.

    `vi_risk.models.RiskClassifier` learns whether something happens, `vi_risk.models.CountRegressor` (objective poisson
    or tweedie) how often.
    """

    model_config = STRICT

    objective: Literal["binary", "poisson", "tweedie"] = "binary"
    calibration: Literal["sigmoid", "isotonic", "beta"] = "sigmoid"
    monotone: bool = False  # risk may only rise, or fall, with a feature as its declaration says
    n_estimators: Annotated[int, Field(ge=1)] = 300
    num_leaves: Annotated[int, Field(ge=2)] = 15
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.03
    min_child_samples: Annotated[int, Field(ge=1)] = 100
    colsample: Share = 0.5
    subsample: Share = 0.8
    reg_lambda: Annotated[float, Field(ge=0)] = 5.0
    max_bin: Annotated[int, Field(ge=2, le=65_535)] = 255
    calibration_folds: Annotated[int, Field(ge=2)] | None = None  # 3, or 2 where there are many rows
    min_events: Annotated[int, Field(ge=2)] = 50
    num_threads: Annotated[int, Field(ge=1)] = 2


def _none_or_several(refits: int) -> int:
    if refits == 1:
        msg = "expected 0 or at least 2, found 1: one model has nothing to differ from"
        raise ValueError(msg)
    return refits


class UncertaintySpec(BaseModel):
    """How often the model is learnt again from patients drawn anew: how sure a risk and a place on a list are."""

    model_config = STRICT

    refits: Annotated[int, Field(ge=0, le=1000), AfterValidator(_none_or_several)] = 20


Margin = Annotated[float, Field(ge=0)]


def _rising(limits: tuple[float, float]) -> tuple[float, float]:
    lowest, highest = limits
    if not lowest < highest:
        msg = f"expected the lower limit first, found {lowest:g} and {highest:g}"
        raise ValueError(msg)
    return limits


Limits = Annotated[tuple[float, float], Field(strict=False), AfterValidator(_rising)]


class PromotionSpec(BaseModel):
    """When a model may take the champion's place, on the same test patients."""

    model_config = STRICT

    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.2  # the risk from which on one would act: for the net benefit
    margin_true_cases: Margin = 0.0
    margin_net_benefit: Margin = 0.0
    slope: Limits = (0.8, 1.25)
    in_the_large: Limits = (-0.2, 0.2)


class MonitoringSpec(BaseModel):
    """When `vi-risk monitor` says that something changed, beyond what chance makes: its exit code is then 7."""

    model_config = STRICT

    psi: Annotated[float, Field(gt=0)] = 0.1  # population stability of a feature or the score
    missing: Share = 0.1  # by so much the share of people of whom a feature is not known may change
    share_ratio: Annotated[float, Field(gt=1)] = 1.5  # so many times as many people, or as few, may have a feature
    volume_ratio: Annotated[float, Field(gt=1)] = 1.5  # of a table's rows, against the same months a year before
    observed_over_expected: Limits = (0.8, 1.25)
    slope: Limits = (0.8, 1.25)
    auroc_loss: Annotated[float, Field(gt=0, lt=0.5)] = 0.03
    min_events: Annotated[int, Field(ge=20)] = 100  # with fewer, seen and expected, a window tells too little


def is_as_shipped(table: ReviewsSpec | MonitoringSpec) -> bool:
    """Return whether a table is as where nothing is declared: a model's name then does not change for it."""
    return table == type(table)()
