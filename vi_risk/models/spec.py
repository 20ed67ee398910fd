"""A model spec: the whole prediction problem as one frozen, checked object."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from vi_risk import declared
from vi_risk.cohort.outcomes import OUTCOMES
from vi_risk.errors import InputError, SpecificationError, UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Feature
from vi_risk.models.spec_tables import (
    STRICT,
    CensoringSpec,
    CohortSpec,
    Days,
    FeatureSpec,
    LearnerSpec,
    MonitoringSpec,
    PromotionSpec,
    ReviewsSpec,
    SnapshotSpec,
    SplitSpec,
    UncertaintySpec,
    is_as_shipped,
)


class ModelSpec(BaseModel):
    """One prediction problem: who, when, what, from which features, learnt how.

    Attributes
    ----------
    name, title, outcome_words
        What files, people and the sentence "chance of ..." call it.
    outcome, horizon_days
        What may happen (`vi_risk.cohort.outcomes`), and within how many days of the index date.
    seed
        Of every random draw.
    cohort, snapshots
        Who is asked about, and at which training dates.
    features
        Which of the declared features the model may use.
    censoring
        What is done about people who leave the area.
    reviews
        What is done about people whom a team reviewed, and when training warns of them.
    split
        Who is held out at the test date.
    learner, uncertainty
        Parameters of the estimator, and how often it is learnt again.
    promotion
        When the model may take the champion's place.
    monitoring
        When it is to be looked at, recalibrated or fitted anew.
    companions
        Problems of the same people at the same dates whose answers stand beside this one's; whole specs themselves.

    Examples
    --------
    >>> import vi_risk
    >>> spec = vi_risk.load_spec()
    >>> spec.outcome, spec.horizon_days
    ('emergency_admission', 365)
    >>> spec.with_changes(learner={"n_estimators": 50}).learner.n_estimators
    50
    >>> spec.with_changes(horizon_days=0)
    Traceback (most recent call last):
    ...
    vi_risk.errors.SpecificationError: emergency_admission_12m: horizon_days: expected 1 or more. Found 0.
    """

    model_config = STRICT

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    outcome: str
    outcome_words: str
    horizon_days: Days
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    companions: Annotated[tuple["ModelSpec", ...], Field(strict=False)] = ()
    cohort: CohortSpec = CohortSpec()
    snapshots: SnapshotSpec = SnapshotSpec()
    censoring: CensoringSpec = CensoringSpec()
    reviews: Annotated[ReviewsSpec, Field(exclude_if=is_as_shipped)] = ReviewsSpec()
    features: FeatureSpec = FeatureSpec()
    split: SplitSpec = SplitSpec()
    learner: LearnerSpec = LearnerSpec()
    uncertainty: UncertaintySpec = UncertaintySpec()
    promotion: PromotionSpec = PromotionSpec()
    monitoring: Annotated[MonitoringSpec, Field(exclude_if=is_as_shipped)] = MonitoringSpec()

    @field_validator("outcome")
    @classmethod
    def _is_known(cls, outcome: str) -> str:
        if outcome not in OUTCOMES:
            msg = f"expected one of {', '.join(OUTCOMES)}, found {outcome!r}"
            raise ValueError(msg)
        return outcome

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        faults = []
        if self.counts != (self.learner.objective != "binary"):
            fitting = "poisson or tweedie" if self.counts else "binary"
            faults.append(
                f"learner.objective: {self.outcome} is {'a count' if self.counts else 'a matter of yes or no'}, so the"
                f" objective must be {fitting}, not {self.learner.objective}"
            )
        for other in self.companions:
            name = f"companions: {other.name}"
            if other.companions:
                faults.append(f"{name}: a companion has no companions of its own")
            if other.cohort != self.cohort:
                faults.append(f"{name}: its cohort is not that of {self.name}, whose people it is asked of")
            if other.horizon_days > self.horizon_days:
                faults.append(
                    f"{name}: its horizon of {other.horizon_days} days is longer than the {self.horizon_days} days of"
                    f" {self.name}, so that its windows would not be over in time"
                )
        names = [self.name, *(other.name for other in self.companions)]
        if len(set(names)) < len(names):
            faults.append("companions: each must be another model, once")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def counts(self) -> bool:
        """Whether the outcome is how often or how long, not whether."""
        return OUTCOMES[self.outcome].kind == "count"

    def with_seed(self, seed: int | None) -> Self:
        """Return the same spec with another seed, companions too; None keeps it."""
        if seed is None:
            return self
        return self.model_copy(
            update={"seed": seed, "companions": tuple(other.with_seed(seed) for other in self.companions)}
        )

    def with_changes(self, **keys: Any) -> Self:
        """Return the same spec with some of its keys changed, checked as a file is.

        Parameters
        ----------
        keys
            Those of a spec file (models/README.md); of a table the keys that change: ``learner={"n_estimators": 100}``.

        Raises
        ------
        SpecificationError
            A key is not known, or a value cannot be; all of them are told.

        Examples
        --------
        >>> spec = load_spec().with_changes(title="Ours", learner={"n_estimators": 100})
        >>> spec.title, spec.learner.n_estimators, spec.learner.num_leaves
        ('Ours', 100, 15)
        """
        content = self.model_dump()
        for key, value in keys.items():
            table = content.get(key)
            content[key] = {**table, **value} if isinstance(table, dict) and isinstance(value, Mapping) else value
        try:
            return type(self).model_validate(content)
        except ValidationError as error:
            raise SpecificationError.of(declared.faults_of(error, self.name)) from None

    def inputs(self, catalogue: Catalogue) -> tuple[Feature, ...]:
        """Return the features that the model may use, in declared order.

        Parameters
        ----------
        catalogue
            The declared features that there are.

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

    Parameters
    ----------
    name_or_file
        Such as ``"death_12m"``; `vi-risk models list` and models/README.md name those shipped.

    Returns
    -------
    ModelSpec
        Frozen and checked, its companions with it.

    Raises
    ------
    UsageError
        There is no such file and no shipped spec of that name.
    SpecificationError
        The file has faults; all of them are in the message.

    Examples
    --------
    >>> import vi_risk
    >>> spec = vi_risk.load_spec("emergency_admission_12m")
    >>> spec.horizon_days, spec.cohort.min_age
    (365, 18)
    """
    path = declared.find(name_or_file, declared.shipped("models"), what="model spec")
    return _read(path, with_companions=True)


def _read(path: Path, *, with_companions: bool) -> ModelSpec:
    content = declared.read_toml(path)
    names = content.pop("companions", [])
    named = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not named or len({*names}) < len(names):
        msg = f"{path.name}: companions: expected a list of model specs, each once: shipped names, or files, in quotes."
        raise SpecificationError(msg)
    if with_companions:  # theirs do not come along
        content["companions"] = tuple(_read(_companion(path, name), with_companions=False) for name in names)
    try:
        return ModelSpec.model_validate(content)
    except ValidationError as error:
        raise SpecificationError.of(declared.faults_of(error, path.name)) from None


def _companion(path: Path, name: str) -> Path:
    """Return the file of a companion: one's own beside the spec, a shipped one by its name; none from elsewhere."""
    beside, shipped = path.parent / name, declared.shipped("models")
    if Path(name).name != name or (path.parent != shipped and declared.leads_out(beside, path.parent)):
        msg = (
            f"{path.name}: companions: {name}: leads out of the folder of the spec. Put the file itself beside the"
            " spec and give its name."
        )
        raise SpecificationError(msg)
    if declared.is_file(beside):
        return beside
    if name.endswith(".toml"):
        msg = f"{path.name}: companions: {name}: there is no such file beside the spec. Put it there, or mend the name."
        raise SpecificationError(msg)
    try:
        return declared.find(name, shipped, what="model spec")
    except UsageError as error:
        msg = f"{path.name}: companions: {error}"
        raise SpecificationError(msg) from None


def spec_of(run: Mapping[str, Any]) -> ModelSpec:
    """Return the spec that a run was asked for, from the content of its run.json.

    Raises
    ------
    InputError
        The spec in it is damaged, or of another version of vi_risk.
    """
    try:
        return ModelSpec.model_validate_json(json.dumps(run["spec"]))
    except (KeyError, ValidationError):
        msg = "run.json: its model spec is damaged. Run `vi-risk features build` with the same --out again."
        raise InputError(msg) from None
