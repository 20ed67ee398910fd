"""The main path: linked records in, ranked case lists out. Read this first.

    linked records -> checks -> index dates, cohort, features, outcomes -> calibrated model -> evidence
    -> risks -> reasons -> case lists -> MLflow

Each line of `run` is one stage; it reads what the stages before left in the output folder and leaves files of its own
(`vi_risk.stages`). The folder takes the place of the old one when the last stage is done, or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from vi_risk import stages
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.features.cache import check_cache
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.files import replaced
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.progress import Report, Silence
from vi_risk.reasons.prompts import Prompt
from vi_risk.records.linked import Records
from vi_risk.run_file import OWNED
from vi_risk.tracking import DEFAULT_TRACKING_URI, check_store


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for.

    Attributes
    ----------
    index_date
        The date of the list; nothing dated or recorded on or after it is used.
    capacity
        Places on the list of each practice; None takes those of the rules.
    source
        Where the records came from, for run.json.
    catalogue
        The declared features; those shipped, unless a site has its own.
    cache
        Folder with features of earlier runs, private to its owner; None keeps none.
    previous
        The list before, to tell what changed since; None tells nothing.
    prompts
        Rules of who might help; None takes those shipped.
    pdf
        Whether to print each page of a list to a PDF as well.
    """

    index_date: date
    out: Path
    spec: ModelSpec = field(default_factory=load_spec)
    rules: CaseListRules = field(default_factory=load_rules)
    capacity: int | None = None
    tracking_uri: str = DEFAULT_TRACKING_URI
    source: stages.Source = field(default_factory=lambda: stages.Source("data frames", "canonical"))
    catalogue: Catalogue = field(default_factory=read_catalogue)
    cache: Path | None = None
    previous: stages.ListBefore | None = None
    prompts: Sequence[Prompt] | None = None
    pdf: bool = False

    @property
    def features(self) -> stages.FeatureRequest:
        """What features to build."""
        return stages.FeatureRequest(self.spec, self.index_date, self.source, self.catalogue, self.cache, self.previous)

    @property
    def places(self) -> int:
        """Places on the list of each practice."""
        return self.capacity or self.rules.capacity


def run(records: Records, request: Request, report: Report | None = None) -> None:
    """Turn linked records into case lists, with the model, its evidence and its card beside them."""
    told = report or Silence()
    check_store(request.tracking_uri, out=request.out)
    check_cache(request.cache, out=request.out)
    with replaced(request.out, keep=False, owned=OWNED) as folder:
        checked = stages.check(folder, records, told)
        stages.build_features(folder, records, request.features, checked, told)
        stages.train(folder, told)
        stages.evaluate(folder, request.places, told)
        stages.score(folder, told)
        stages.case_lists(folder, request.rules, request.places, told, prompts=request.prompts, pdf=request.pdf)
        stages.track_model(folder, request.tracking_uri, told)
        stages.track_lists(folder, request.tracking_uri, told)
