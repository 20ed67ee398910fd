"""What a replay is asked for."""

from dataclasses import dataclass, field
from pathlib import Path

from vi_risk.caselists.choosing.people import COMPANIONS
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.replaying.dates import ReplayDates


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What a replay is asked for.

    Attributes
    ----------
    spec
        Of the model that each date trains anew.
    capacity
        Places on the list of each practice; None takes those of the rules.
    practices_outside
        Codes of practices outside the trust that governance allows a list.
    source
        Where the records came from, for the page.
    every
        The step from one date to the next as it was asked for, such as ``3m``, for the page; "" says nothing.
    cache
        Folder with features of earlier runs; None keeps them only as long as the replay works.
    resume
        Whether to go on after the last date that a replay of the same output folder had finished when it was broken
        off.

    Raises
    ------
    UsageError
        The model has no risk at a date of its own.
    """

    dates: ReplayDates
    out: Path
    spec: ModelSpec = field(default_factory=load_spec)
    rules: CaseListRules = field(default_factory=load_rules)
    capacity: int | None = None
    catalogue: Catalogue = field(default_factory=read_catalogue)
    practices_outside: tuple[str, ...] = ()
    source: str = "data frames"
    every: str = ""
    cache: Path | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.spec.counts or self.spec.cohort.index != "date":
            msg = (
                f"--model {self.spec.name}: a replay makes lists of risks at a date, and this model tells"
                f" {'expected numbers' if self.spec.counts else 'risks after each discharge'}. Choose another model."
            )
            raise UsageError(msg)

    @property
    def places(self) -> int:
        """Places on the list of each practice."""
        return self.capacity or self.rules.capacity

    @property
    def listing_spec(self) -> ModelSpec:
        """The spec with what decides who is listed alone: no refits, and of the companions those the rules ask about.

        The scores are those of a whole run to the byte: companions and refits are learnt beside the main model.
        """
        asked = {*self.rules.columns}
        beside = tuple(
            one
            for one in self.spec.companions
            if {f"risk_{one.name}", COMPANIONS.get(f"risk_{one.name}", "")} & asked and not one.counts
        )
        uncertainty = self.spec.uncertainty.model_copy(update={"refits": 0})
        return self.spec.model_copy(update={"companions": beside, "uncertainty": uncertainty})

    @property
    def training_spec(self) -> ModelSpec:
        """The same with trees grown on one thread of the processor: the same trees, and two dates at once."""
        spec = self.listing_spec
        companions = tuple(_on_one_thread(companion) for companion in spec.companions)
        return _on_one_thread(spec).model_copy(update={"companions": companions})


def _on_one_thread(spec: ModelSpec) -> ModelSpec:
    return spec.model_copy(update={"learner": spec.learner.model_copy(update={"num_threads": 1})})
