"""The main path: linked records in, ranked case lists out. Read this first.

    linked records -> checks -> index dates, cohort, features, outcomes -> calibrated model -> evidence
    -> risks -> reasons -> case lists -> MLflow

Each line of `run` is one stage; it reads what the stages before left in the output folder and leaves files of its own
(`vi_risk.stages`). The folder takes the place of the old one when the last stage is done, or not at all. What stands in
a line after the work is all that decides its outcome beside the stages before: a run that resumes one that was broken
off passes over the stages of which that is unchanged, and reads the records only if one of theirs is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from vi_risk import stages
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.features.cache import check_cache
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.governance.told import refuse_whole_run
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.reasons.prompts import Prompt, read_prompts
from vi_risk.records.linked import Records
from vi_risk.running.files import replaced
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import OWNED
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
    resume
        Whether to go on after the last stage that a run of the same output folder had finished when it was broken off.
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
    resume: bool = False

    @property
    def features(self) -> stages.FeatureRequest:
        """What features to build."""
        return stages.FeatureRequest(self.spec, self.index_date, self.source, self.catalogue, self.cache, self.previous)

    @property
    def places(self) -> int:
        """Places on the list of each practice."""
        return self.capacity or self.rules.capacity


def run(records: Records | stages.UnreadRecords, request: Request, report: Report | None = None) -> None:
    """Turn linked records into case lists, with the model, its evidence and its card beside them.

    Raises
    ------
    GovernanceError
        The records have not come through the door (`vi_risk.governance`), or their purpose permits no lists.
    """
    told = report or Silence()
    unread = stages.unread(records)
    refuse_whole_run(unread.permission)
    check_store(request.tracking_uri, out=request.out)
    check_cache(request.cache, out=request.out)
    features, rules, places, store = request.features, request.rules, request.places, request.tracking_uri
    prompts = read_prompts(catalogue=request.catalogue) if request.prompts is None else request.prompts
    at_sight = _known_at_sight(unread, features)
    if not (request.resume and stages.finished_at_sight(request.out, "features", at_sight)):
        unread.read_now()  # what is wrong with them is told while what a run that was broken off left is still safe
    with (
        replaced(request.out, keep=False, owned=OWNED, resume=request.resume) as folder,
        stages.Journal(folder, told) as journal,
    ):

        def build() -> None:
            checked = stages.check(folder, unread.records, told)
            stages.build_features(folder, unread.records, features, checked, told)
            unread.let_go()  # nothing later reads them, and their engine would keep its memory

        def list_people() -> None:
            stages.case_lists(folder, rules, places, told, prompts=prompts, pdf=request.pdf)

        asked_of_lists = {"rules": rules, "places": places, "prompts": prompts, "pdf": request.pdf}
        journal.stage("features", build, lambda: _asked_of_features(unread.records, features), at_sight=at_sight)
        journal.stage("model", lambda: stages.train(folder, told))
        journal.stage("evaluation", lambda: stages.evaluate(folder, places, told), {"places": places})
        journal.stage("scores", lambda: stages.score(folder, told))
        journal.stage("case_lists", list_people, asked_of_lists)
        journal.stage("tracked_model", lambda: stages.track_model(folder, store, told), {"store": store})
        journal.stage("tracked_lists", lambda: stages.track_lists(folder, store, told), {"store": store})


def _asked_of_features(records: Records, request: stages.FeatureRequest) -> dict[str, object]:
    """Return all that decides what the first stage writes, the rows of the records among it."""
    return {"records": records.fingerprints(), "permission": records.permission, **_asked_beside_records(request)}


def _known_at_sight(records: stages.UnreadRecords, request: stages.FeatureRequest) -> dict[str, object] | None:
    """Return the same without reading a row, where the records can be known so."""
    if records.at_sight is None:
        return None
    return {"records": records.at_sight, "permission": records.permission, **_asked_beside_records(request)}


def _asked_beside_records(request: stages.FeatureRequest) -> dict[str, object]:
    before = request.previous
    return {
        "spec": request.spec,
        "index_date": request.index_date,
        "source": request.source,
        "catalogue": request.catalogue.to_json(),
        "previous": None if before is None else (before.index_date, stages.content_mark(before.listed)),
    }
