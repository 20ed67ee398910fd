"""What a command was asked for, read from its flags: records, governance, declared features, rules, the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vi_risk.errors import GovernanceError, InputError, ResourceError, UsageError

if TYPE_CHECKING:
    from vi_risk.caselists.choosing.rules import CaseListRules
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.governance import Governance
    from vi_risk.reasons.prompts import Prompt
    from vi_risk.records.linked import Workspace
    from vi_risk.running.progress import CommandReport, Report
    from vi_risk.stages import ListBefore, Source, UnreadRecords

DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
DEFAULT_MODEL = "emergency_admission_12m"


def today() -> date:
    """Return this day, which an approval is held against: nothing below the command line asks the clock."""
    return datetime.now().astimezone().date()  # noqa: TID251


def records_of(
    place: str,
    mapping: str,
    report: "Report",
    *,
    governance: "Governance | None",
    features: Sequence[Path] | None = None,
    reviews: Path | None = None,
) -> Any:
    """Read the records as governance permits, told as a stage, and the decisions of earlier meetings beside them."""
    from vi_risk.governance.reading import read_records, refuse_unless_synthetic

    if governance is None:
        refuse_unless_synthetic(place)  # before anything is told of them
    report.stage(f"Read the records in {shown(place)}")
    found = read_records(
        place,
        mapping=mapping,
        governance=governance,
        today=today(),
        features=features or (),
        report=report.step,
        workspace=_workspace(),
    )
    if reviews is None:
        return found
    from vi_risk.reviews import with_reviews

    for line in acceptance_of(reviews):
        report.step(line)
    return with_reviews(found, reviews)


def unread_records_of(
    place: str,
    mapping: str,
    report: "Report",
    *,
    governance: "Governance | None",
    features: Sequence[Path] | None = None,
    reviews: Path | None = None,
    resume: bool = False,
) -> "UnreadRecords":
    """Return the records as `records_of` would read them, once a run asks for them.

    A run that resumes may never ask: whether the approval still holds is then asked here. Any other asks at the door,
    which tells all faults at once, those of the tables that it finds among them.
    """
    from vi_risk.governance.reading import doorway
    from vi_risk.stages.unread import UnreadRecords, mark_at_sight

    permission, door = doorway(place, governance, today=today(), features=features or ())
    if resume:
        door(())
    return UnreadRecords(
        permission,
        mark_at_sight(place, mapping, reviews=reviews),
        lambda: records_of(place, mapping, report, governance=governance, features=features, reviews=reviews),
    )


@contextmanager
def held_to(memory_limit: int | None, spill: Path | None, report: "CommandReport") -> Iterator["Report"]:
    """Hold the work to a limit of memory, and end the process with a message should it go far beyond.

    Raises
    ------
    UsageError
        There is no such folder to spill to.
    ResourceError
        The limit is smaller than what any work takes; or the folder to spill to fills while the work goes on.
    """
    from vi_risk.cli.memory_watch import MemoryWatch, StageKept
    from vi_risk.running.memory import Budget, no_room, within

    if spill is not None and not spill.is_dir():
        msg = f"--spill {spill}: no such folder. Name a folder that is there, on a disk with space for the records."
        raise UsageError(msg)
    budget = Budget(memory_limit, spill)
    budget.refuse_too_small(0)
    kept = StageKept(report)
    with within(budget), MemoryWatch(budget, report, lambda: kept.now):
        try:
            yield kept
        except Exception as error:
            of_engine = type(error).__module__.split(".")[0] in ("duckdb", "_duckdb")
            if of_engine and no_room(error):  # it writes nowhere else
                raise ResourceError(budget.folder_full) from None
            raise


def _workspace() -> "Workspace":
    from vi_risk.records.linked import Workspace
    from vi_risk.running.memory import budget

    return Workspace(budget().spill, memory_mb=budget().engine_mb)


def check_places(records: str, out: Path, reviews: Path | None = None) -> None:
    """Refuse an output folder that cannot be one, or that would take records or reviews with it when it is replaced.

    Raises
    ------
    UsageError
        It is a file or no folder of its own, shares a folder with the records, or holds the reviews under a name that
        vi_risk writes.
    ResourceError
        It cannot be written.
    """
    from vi_risk.running.files import check_apart, check_not_owned, check_out
    from vi_risk.running.run_file import OWNED

    check_out(out)
    if "://" not in records:
        check_apart(Path(records), out=out)
    check_not_owned(reviews, flag="--reviews", out=out, owned=OWNED)


def acceptance_of(reviews: Path | None) -> tuple[str, ...]:
    """Return how many of the people discussed were taken on, in lines for people; nothing without a file."""
    from vi_risk.reviews import acceptance_in_words, read_reviews

    if reviews is None:
        return ()
    if not reviews.is_file():
        msg = f"--reviews {reviews}: no such file. Name the file that `vi-risk reviews import` wrote."
        raise InputError(msg)
    return tuple(acceptance_in_words(read_reviews(reviews)))


def records_on_spark(
    place: str, report: "Report", *, governance: "Governance | None", features: Sequence[Path] | None = None
) -> Any:
    """Open canonical Parquet tables on Spark as governance permits, told as a stage."""
    from vi_risk.governance.door import let_in
    from vi_risk.governance.reading import doorway
    from vi_risk.spark.records import read_canonical
    from vi_risk.spark.workspace import open_session

    permission, door = doorway(place, governance, today=today(), features=features or ())
    report.stage(f"Open the records in {place} on Spark")
    found = read_canonical(open_session(), place)
    door(found.tables)
    return let_in(found, permission)


def check_engine(engine: str, mapping: str, cache: Path | None, reviews: Path | None) -> None:
    """Refuse an engine that is not known, and what goes with the embedded one alone."""
    if engine not in ("embedded", "spark"):
        msg = f"--engine {engine}: expected embedded or spark. Without the flag features are built embedded."
        raise UsageError(msg)
    if engine == "spark" and mapping != "canonical":
        msg = (
            f"--mapping {mapping}: --engine spark reads canonical Parquet tables, not extracts. Write them first:"
            f" vi-risk mapping export {mapping} --records DIR --out CANONICAL"
        )
        raise UsageError(msg)
    for flag, given in (("--cache", cache), ("--reviews", reviews)):
        if engine == "spark" and given is not None:
            msg = f"{flag}: belongs to the embedded engine. Leave it out with --engine spark."
            raise UsageError(msg)


def shown(place: str) -> str:
    """Return a folder or a database URL as it may be written down: without a password."""
    from vi_risk.records.database import shown as without_password
    from vi_risk.records.database import url_of

    url = url_of(place)
    return place if url is None else without_password(url)


def governance_of(file: Path | None) -> "Governance | None":
    """Read the governance file that a flag names, or the one in the working folder; None where there is neither."""
    from vi_risk.governance.declaration import DEFAULT_FILE, read_governance

    if file is None and not DEFAULT_FILE.is_file():
        return None
    return read_governance(DEFAULT_FILE if file is None else file)


def source_of(records: str, mapping: str, governance: "Governance | None", reviews: Path | None = None) -> "Source":
    """Return where the records came from, for run.json."""
    from vi_risk.records.database import url_of
    from vi_risk.stages import Source

    name = shown(records) if url_of(records) else Path(records).resolve().name
    purpose = None if governance is None else governance.words
    outside = () if governance is None else governance.practices_outside
    # Of all practices together: of one, the few that a meeting decides would stand in the model's run.
    return Source(name, mapping, purpose, acceptance_of(reviews)[:1], outside)


def catalogue_of(folders: Sequence[Path] | None, governance: "Governance | None") -> "Catalogue":
    """Read the declared features: those shipped, the site's own, and the sensitive groups that governance allows."""
    from vi_risk.features.catalogue import read_catalogue

    return read_catalogue(*(folders or ()), sensitive={} if governance is None else governance.sensitive)


def previous_of(given: str | None, index_date: date, *, model: str) -> "ListBefore | None":
    """Return the list before that a flag names: a day, or an output folder whose lists were made with the same model.

    Lists of another model are in another order of other risks: against them everyone would seem to have moved. A folder
    whose approval has ended, or that was to be deleted, is not read.
    """
    if given is None:
        return None
    from vi_risk.caselists.packs.writing import LISTED_FILE
    from vi_risk.governance.told import refuse_ended
    from vi_risk.running.run_file import LISTS_FOLDER, read_run
    from vi_risk.stages import ListBefore

    folder = Path(given)
    if not folder.is_dir():
        try:
            return ListBefore(date.fromisoformat(given))
        except ValueError:
            msg = (
                f"--previous {given}: is no folder and no date. Name the output folder of the list before, or its date."
            )
            raise UsageError(msg) from None
    try:
        run = read_run(folder, needs="case_lists", command="caselist")
    except InputError as error:
        msg = f"--previous {given}: {error}"
        raise InputError(msg) from None
    day = date.fromisoformat(run["features"]["index_dates"]["list"])
    try:
        refuse_ended(run.get("records", {}).get("permission"), today=today())
    except GovernanceError as error:
        msg = f"--previous {given}: {error}\n--previous {given}: name the date of its list, {day}, in its place."
        raise GovernanceError(msg) from None
    listed, before = folder / LISTS_FOLDER / LISTED_FILE, run["spec"]["name"]
    if before != model:
        msg = (
            f"--previous {given}: holds a list of the model {before}, and this one is of {model}. Name the folder of an"
            f" earlier list of {model}, or its date: the list is then as that model would have made it."
        )
        raise UsageError(msg)
    if day >= index_date:
        msg = (
            f"--previous {given}: holds the list of {day}, and this one is of {index_date}. Name the folder of an"
            " earlier list, or its date."
        )
        raise UsageError(msg)
    if not listed.is_file():
        msg = f"--previous {given}: has no {LISTS_FOLDER}/{LISTED_FILE}. Name the date {day} instead."
        raise InputError(msg)
    return ListBefore(day, listed)


def prompts_of(file: Path | None, catalogue: "Catalogue") -> "tuple[Prompt, ...]":
    """Read the rules of who might help, or those shipped."""
    from vi_risk.reasons.prompts import read_prompts

    if file is not None and not file.is_file():
        msg = f"--prompts {file}: no such file. Name a TOML file; without the flag the shipped rules hold."
        raise UsageError(msg)
    return read_prompts(file, catalogue=catalogue)


def check_built(out: Path, report: "Report | None" = None) -> None:
    """Refuse an output folder that is not there, holds no features, or whose approval has ended since.

    Where the working folder has a governance file that says otherwise than when the features were built, `report` is
    told.
    """
    from vi_risk.governance.door import permission_of
    from vi_risk.governance.told import changed_since, refuse_ended
    from vi_risk.running.run_file import read_run

    if not out.is_dir():
        msg = f"--out {out}: no such folder. Name the folder that `vi-risk features build` wrote."
        raise InputError(msg)
    about = read_run(out, needs="features", command="features build").get("records", {}).get("permission")
    refuse_ended(about, today=today())
    now = None if report is None or about is None else governance_of(None)
    if report is not None and now is not None and (changed := changed_since(about, permission_of(now))):
        report.warn(changed)


def catalogue_in(folder: Path) -> "Catalogue":
    """Return the catalogue that the features of an output folder were built with."""
    from vi_risk.models.snapshot_files import load_catalogue
    from vi_risk.running.run_file import read_run

    run = read_run(folder, needs="features", command="features build")
    return load_catalogue(folder, run["features"]["catalogue"])


def rules_of(caselist: Path | None) -> "CaseListRules":
    """Read the rules of the case list, or those shipped."""
    from vi_risk.caselists.choosing.rules import load_rules

    if caselist is not None and not caselist.is_file():
        msg = f"--caselist {caselist}: no such file. Name a TOML file; without the flag the shipped rules hold."
        raise UsageError(msg)
    return load_rules(caselist)


def check_store(tracking_uri: str, out: Path) -> None:
    """Refuse an MLflow store that cannot be written before hours of work, not after."""
    from vi_risk.tracking import check_store as check

    check(tracking_uri, out=out)
