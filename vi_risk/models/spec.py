"""A model spec: the whole prediction problem as one frozen, checked object."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Domain, Feature

Days = Annotated[int, Field(ge=1, le=36_525)]
Share = Annotated[float, Field(gt=0, le=1)]
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class CohortSpec(BaseModel):
    """Who is asked about."""

    model_config = _STRICT

    min_age: Annotated[int, Field(ge=0, le=120)] = 18


class SnapshotSpec(BaseModel):
    """When: how training index dates step back from the latest one possible."""

    model_config = _STRICT

    every_days: Days = 91
    most: Annotated[int, Field(ge=1, le=60)] = 6
    min_lookback_days: Annotated[int, Field(ge=0, le=36_525)] = 365


class FeatureSpec(BaseModel):
    """Which declared features the model may use."""

    model_config = _STRICT

    domains: Annotated[tuple[Domain, ...], Field(strict=False, min_length=1)] = get_args(Domain)
    exclude: Annotated[tuple[str, ...], Field(strict=False)] = ()
    include: Annotated[tuple[str, ...], Field(strict=False)] = ()
    as_at_extract: Annotated[tuple[str, ...], Field(strict=False)] = ()


class LearnerSpec(BaseModel):
    """Parameters of `vi_risk.models.classifier.RiskClassifier`, by the same names; the seed is the spec's own."""

    model_config = _STRICT

    n_estimators: Annotated[int, Field(ge=1)] = 300
    num_leaves: Annotated[int, Field(ge=2)] = 15
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.03
    min_child_samples: Annotated[int, Field(ge=1)] = 100
    colsample: Share = 0.5
    subsample: Share = 0.8
    reg_lambda: Annotated[float, Field(ge=0)] = 5.0
    max_bin: Annotated[int, Field(ge=2, le=65_535)] = 255
    calibration_folds: Annotated[int, Field(ge=2)] = 3
    min_events: Annotated[int, Field(ge=2)] = 50
    num_threads: Annotated[int, Field(ge=1)] = 2


class ModelSpec(BaseModel):
    """One prediction problem: who, when, what, from which features, learnt how."""

    model_config = _STRICT

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    outcome: Literal["emergency_admission"]
    outcome_words: str
    horizon_days: Days
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    cohort: CohortSpec = CohortSpec()
    snapshots: SnapshotSpec = SnapshotSpec()
    features: FeatureSpec = FeatureSpec()
    learner: LearnerSpec = LearnerSpec()

    def with_seed(self, seed: int | None) -> Self:
        """Return the same spec with another seed; None keeps it."""
        return self if seed is None else self.model_copy(update={"seed": seed})

    def inputs(self, catalogue: Catalogue) -> tuple[Feature, ...]:
        """Return the features that the model may use, in declared order.

        Raises
        ------
        SpecificationError
            The spec names a definition that is not declared.
        """
        known = {definition.name for definition in catalogue.definitions}
        unknown = sorted({*self.features.exclude, *self.features.include, *self.features.as_at_extract} - known)
        if unknown:
            msg = (
                f"{self.name}: features names {', '.join(unknown)}, which no file in features/ declares."
                " Check the spelling."
            )
            raise SpecificationError(msg)
        return tuple(
            feature
            for feature in catalogue.features
            if feature.definition.domain in self.features.domains
            and feature.definition.name not in self.features.exclude
            and (feature.definition.model_input or feature.definition.name in self.features.include)
            and (not feature.definition.as_at_extract or feature.definition.name in self.features.as_at_extract)
        )


def load_spec(name_or_file: str | Path = "emergency_admission_12m") -> ModelSpec:
    """Read a shipped model spec by name, or one's own by path.

    Raises
    ------
    UsageError
        There is no such file and no shipped spec of that name.
    SpecificationError
        The file has faults; all of them are in the message.
    """
    path = declared.find(name_or_file, declared.shipped("models"), what="model spec")
    content = declared.read_toml(path)
    try:
        return ModelSpec.model_validate(content)
    except ValidationError as error:
        raise SpecificationError.of(declared.faults_of(error, path.name)) from None
