"""Which model a list is made with: the registry's champion, or another that was asked for, if it fits the folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vi_risk import tracking
from vi_risk.errors import InputError, UsageError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.feature_definitions import differing
from vi_risk.models.learning import bundle
from vi_risk.models.snapshot_files import CATALOGUE_FILE
from vi_risk.running.files import remove
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import EVALUATION_FILE, MODEL_FOLDER, REGISTERED_FOLDER, RUN_FILE, read_run
from vi_risk.tracking import Version

OWN, CHAMPION = "own", "champion"
_NAMED = 5  # features that a message names


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model that a list is made with.

    Attributes
    ----------
    folder
        Where its bundle, run.json, evaluation.json and card lie: the output folder, or `REGISTERED_FOLDER` in it.
    version
        What it is in the registry; None for the folder's own that nobody looked up there.
    checksum
        Of its content.
    """

    folder: Path
    version: Version | None
    checksum: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as run.json holds it, beside the scores."""
        if self.version is None:
            return {"from": OWN, "checksum": self.checksum}
        return {
            "from": OWN if self.folder.name != REGISTERED_FOLDER else REGISTERED_FOLDER,
            "checksum": self.checksum,
            "name": self.version.name,
            "version": self.version.number,
            "champion": self.version.champion,
            "run_id": self.version.run_id,
        }

    @property
    def words(self) -> str:
        """The model in a few words, for a log."""
        if self.version is None:
            return f"the model trained here, {self.checksum[:12]}"
        champion = ", champion" if self.version.champion else ""
        return f"{self.version.name} version {self.version.number}{champion}, {self.checksum[:12]}"


def choose_model(folder: Path, asked: str | None, *, tracking_uri: str, report: Report | None = None) -> ChosenModel:
    """Return the model to score the folder's features with; one from the registry is fetched into the folder.

    Parameters
    ----------
    asked
        ``"own"`` for the model trained in the folder, ``"champion"``, or the number of a version. None takes the
        champion where there is one for this spec's name, and otherwise the folder's own.

    Raises
    ------
    UsageError
        There is no such version, or no champion.
    InputError
        The folder lacks what is needed, or the model does not fit it: another outcome or horizon, or features that are
        defined otherwise today.
    ResourceError
        The registry cannot be read.
    """
    told = report or Silence()
    run = read_run(folder, needs="features", command="features build")
    name = run["spec"]["name"]
    version = _asked_for(name, asked, tracking_uri)
    remove(folder / REGISTERED_FOLDER)
    if version is None or _is_own(version, run):
        own = read_run(folder, needs="model", command="train")
        return ChosenModel(folder, version, own["model"]["checksum"])
    fetched = folder / REGISTERED_FOLDER
    fetch_whole(version, fetched, tracking_uri)
    refuse_misfit(version, fetched, folder, run)
    for line in _other_look_back(fetched, run):
        told.warn(f"{version.name} version {version.number}: {line}")
    return ChosenModel(fetched, version, version.tags["checksum"])


def place_of_model(folder: Path) -> Path:
    """Return where the model lies that the folder's scores were, or would be, made with, its evidence beside it."""
    run = read_run(folder, needs="features", command="features build")
    fetched = run.get("scores", {}).get("model", {}).get("from") == REGISTERED_FOLDER
    return folder / REGISTERED_FOLDER if fetched else folder


def _asked_for(name: str, asked: str | None, tracking_uri: str) -> Version | None:
    if asked == OWN:
        return None
    if asked is None or asked == CHAMPION:
        champion = tracking.champion_of(name, tracking_uri=tracking_uri)
        if champion is None and asked == CHAMPION:
            msg = (
                f"--model champion: the registry has no champion of {name}. Make one with `vi-risk promote`, or score"
                " with the model trained in --out: --model own."
            )
            raise UsageError(msg)
        return champion
    if not asked.isdecimal():
        msg = f"--model {asked}: expected own, champion or the number of a version, such as 3."
        raise UsageError(msg)
    return tracking.version_of(name, int(asked), tracking_uri=tracking_uri)


def _is_own(version: Version, run: Mapping[str, Any]) -> bool:
    """Whether the version is the very model that was trained, and evaluated, in the folder."""
    own: Mapping[str, Any] = run.get("model", {})
    return "evaluation" in run and own.get("checksum") == version.tags["checksum"]


def fetch_whole(version: Version, folder: Path, tracking_uri: str) -> None:
    """Fetch a version and make sure that it is what was registered, with the evidence that lists rest on."""
    tracking.fetch(version, folder, tracking_uri=tracking_uri)
    where = f"{version.name} version {version.number}"
    lacking = [
        name
        for name in (f"{MODEL_FOLDER}/{bundle.MODEL_FILE}", RUN_FILE, EVALUATION_FILE, CATALOGUE_FILE)
        if not (folder / name).is_file()
    ]
    if lacking:
        msg = f"{where}: its run lacks {', '.join(lacking)}. Choose another version, or train and evaluate it again."
        raise InputError(msg)
    if bundle.checksum_of(folder / MODEL_FOLDER) != version.tags["checksum"]:
        msg = f"{where}: the model in the store is not the one that was registered. Choose another version."
        raise InputError(msg)


def refuse_misfit(version: Version, fetched: Path, folder: Path, run: Mapping[str, Any]) -> None:
    """Refuse a model that answers another question, or reads features that mean something else today."""
    where = f"{version.name} version {version.number}"
    then, today = read_run(fetched, needs="model", command="train"), run["spec"]
    other = [
        f"{key} is {today[key]}, that of the version {then['spec'][key]}"
        for key in ("outcome", "horizon_days")
        if then["spec"][key] != today[key]
    ]
    if other:
        msg = f"{where}: answers another question than the spec of --out: {'; '.join(other)}. Score with --model own."
        raise InputError(msg)
    features: Sequence[str] = then["model"]["features"]
    changed = differing(features, then=_catalogue(fetched), today=_catalogue(folder))
    if changed:
        named = [f"{name} {what}" for name, what in list(changed.items())[:_NAMED]]
        more = f", and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        msg = (
            f"{where}: {len(changed)} of its {len(features)} features differ today: {', '.join(named)}{more}. Train and"
            " evaluate a model with today's definitions and score with --model own, or go back to the definitions that"
            " it was trained with."
        )
        raise InputError(msg)


def _other_look_back(fetched: Path, run: Mapping[str, Any]) -> list[str]:
    """Say which features look back over other days, or are not built, than when the model was trained."""
    then = read_run(fetched, needs="model", command="train")
    before, now = then["features"]["windows"], run["features"]["windows"]
    other = [name for name in then["model"]["features"] if before.get(name, "declared") != now.get(name, "declared")]
    if not other:
        return []
    names = ", ".join(other[:_NAMED]) + (f" and {len(other) - _NAMED} more" if len(other) > _NAMED else "")
    return [f"{len(other)} of its features look back over other days here than when it was trained: {names}"]


def _catalogue(folder: Path) -> Catalogue:
    try:
        return Catalogue.from_json((folder / CATALOGUE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        msg = f"{CATALOGUE_FILE}: is missing or damaged. Run `vi-risk features build` with the same --out again."
        raise InputError(msg) from None
