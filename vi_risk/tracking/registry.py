"""The registry: the versions of a model under its spec's name, each with the run that it was trained in.

A version is written in one transaction, tags and all, after its run is whole: it is there with everything, or not at
all.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vi_risk.errors import InputError, UsageError
from vi_risk.running.files import remove
from vi_risk.tracking.opening import opened, retried
from vi_risk.tracking.runs import TrackedRun, run_in, write
from vi_risk.tracking.store import sqlite_file

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

CHAMPION = "champion"
_LATEST = "latest_evaluation"  # the tag of a version that was evaluated again
_EVIDENCE = "evidence_run_id"  # in it, beside the figures
CHECKSUM = "checksum"  # the tag that makes a version ours: of the model's content
EVIDENCE_FOLDERS = ("card", "run", "plots")  # of a run that is registered; `fetch` brings all of them back flat
_PAGE = 1000
_NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a spec; what another tool calls its models is not ours to list

NOT_READ = "the registry of models could not be read or changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a registered model.

    Attributes
    ----------
    run_id
        The run that it was trained and evaluated in.
    evidence_run_id
        The run of its latest evaluation: the same, unless the model was evaluated again.
    tags
        What it was made from and what came out of its latest evaluation; ``checksum`` is that of the model's content.
    registered_on
        The day, as the store has it (UTC).
    """

    name: str
    number: int
    run_id: str
    evidence_run_id: str
    tags: Mapping[str, str]
    registered_on: date
    champion: bool


@dataclass(frozen=True, slots=True)
class Registered:
    """A run that was kept, and the version that stands for its model."""

    run_id: str
    version: Version


# --- registering ------------------------------------------------------------------------------------------------------


def track_and_register(
    run: TrackedRun, *, name: str, checksum: str, tags: Mapping[str, str], tracking_uri: str
) -> Registered:
    """Return the run, kept as `track_run` does, and the version of the model `name` that now stands for its model.

    A model of the same content that stands already, by its `checksum`, gets no second version: that one is returned,
    now with the figures of the new run, which names it in its tag ``registered`` and is its evidence from now on.

    Raises
    ------
    UsageError
        The tracking URI names no kind of store.
    ResourceError
        The store cannot be reached or written, or belongs to another version of MLflow. Then there is no new version,
        and the run is marked FAILED where that can still be written.
    """
    if run.model_folder is None:
        msg = f"run {run.run_name}: expected a model to register, found none in the run."
        raise InputError(msg)
    with opened(tracking_uri) as client, run_in(client, run, tracking_uri) as run_id:
        model_id = write(client, run_id, run)
        _make_name(client, name)
        version = _of_content(client, name, checksum)
        try:
            if version is None:
                version = _new_version(client, name, run_id, model_id, {**tags, CHECKSUM: checksum})
            if version.run_id != run_id:
                version = _evaluated_again(client, version, run_id, tags)
        except BaseException:
            with suppress(Exception):  # where the store itself has failed; what is told is why
                _withdraw(client, name, run_id)
            raise
    return Registered(run_id, version)


def _make_name(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        retried(lambda: client.create_registered_model(name))
    except MlflowException as fault:
        if fault.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _new_version(
    client: "MlflowClient", name: str, run_id: str, model_id: str | None, tags: Mapping[str, str]
) -> Version:
    made = retried(
        lambda: client.create_model_version(
            name, f"models:/{model_id}", run_id, tags=dict(tags), model_id=model_id, await_creation_for=60
        )
    )
    earlier = _of_content(client, name, tags[CHECKSUM])
    if earlier is None or earlier.number >= int(made.version):
        return _version(made, champion=None)
    # another process registered the same content at the same time, and came first
    retried(lambda: client.delete_model_version(name, str(made.version)))
    return earlier


def _evaluated_again(client: "MlflowClient", version: Version, run_id: str, tags: Mapping[str, str]) -> Version:
    """Let a version stand with the figures of a later run; in one tag, so that it has all of them or none."""
    number = str(version.number)
    retried(lambda: client.set_tag(run_id, "registered", f"{version.name} {number}"))
    latest = json.dumps({**tags, _EVIDENCE: run_id})
    retried(lambda: client.set_model_version_tag(version.name, number, _LATEST, latest))
    return replace(version, tags={**version.tags, **tags}, evidence_run_id=run_id)


def _withdraw(client: "MlflowClient", name: str, run_id: str) -> None:
    """Remove what a run that did not end well has registered, should it have come so far."""
    for version in _versions(client, name):
        if version.run_id == run_id:
            retried(lambda number=version.number: client.delete_model_version(name, str(number)))  # type: ignore[misc]


# --- looking up -------------------------------------------------------------------------------------------------------


def versions_of(name: str | None, *, tracking_uri: str) -> list[Version]:
    """Return the versions of a model, or of all models, by name, the newest first; none where there is no store."""
    if nothing_yet(tracking_uri):
        return []
    with opened(tracking_uri, purpose=NOT_READ) as client:
        return _versions(client, name)


def champion_of(name: str, *, tracking_uri: str) -> Version | None:
    """Return the version that is champion; None where there is none, or no store yet."""
    if nothing_yet(tracking_uri):
        return None
    with opened(tracking_uri, purpose=NOT_READ) as client:
        number = champion_number(client, name)
        return None if number is None else _numbered(client, name, number)


def version_of(name: str, number: int, *, tracking_uri: str) -> Version:
    """Return one version of a model.

    Raises
    ------
    UsageError
        There is no such version; the message names those that are there.
    """
    known = versions_of(name, tracking_uri=tracking_uri)
    for version in known:
        if version.number == number:
            return version
    there = ", ".join(str(version.number) for version in reversed(known)) or "none"
    msg = f"{name}: there is no version {number}. Expected one of: {there}. Look at `vi-risk models list`."
    raise UsageError(msg)


def version_of_content(name: str, checksum: str, *, tracking_uri: str) -> Version | None:
    """Return the version that a model of this content is, by its checksum; None where it is not registered."""
    if nothing_yet(tracking_uri):
        return None
    with opened(tracking_uri, purpose=NOT_READ) as client:
        return _of_content(client, name, checksum)


def fetch(version: Version, folder: Path, *, tracking_uri: str) -> None:
    """Bring a version's model (``model/``) and the evidence of its latest run into `folder`, which is made anew.

    Raises
    ------
    InputError
        What the store holds is not whole, or not the model that was registered.
    ResourceError
        The store cannot be read, or `folder` not be written.
    """
    remove(folder)
    folder.mkdir(parents=True)
    with opened(tracking_uri, purpose="the model and its evidence could not be fetched from there") as client:
        import mlflow  # noqa: PLC0415

        logged = Path(
            mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{version.name}/{version.number}", dst_path=str(folder / "logged")
            )
        )
        (logged / "artifacts" / "model").rename(folder / "model")
        there = {item.path for item in client.list_artifacts(version.evidence_run_id)}
        for part in EVIDENCE_FOLDERS:
            if part in there:
                client.download_artifacts(version.evidence_run_id, part, str(folder))
    remove(folder / "logged")
    for part in ("card", "run"):
        if (folder / part).is_dir():
            for file in (folder / part).iterdir():
                file.rename(folder / file.name)
            remove(folder / part)


# --- what MLflow says, as versions ------------------------------------------------------------------------------------


def nothing_yet(tracking_uri: str) -> bool:
    """Whether the store is an SQLite file that is not there: nothing is made, and MLflow not loaded, to say so."""
    database = sqlite_file(tracking_uri)
    return database is not None and not database.exists()


def registered_model(client: "MlflowClient", name: str) -> "RegisteredModel | None":
    """Return what the store knows of a model as a whole; None where it knows none of that name."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        return retried(lambda: client.get_registered_model(name))
    except MlflowException as fault:
        if fault.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise


def champion_number(client: "MlflowClient", name: str) -> int | None:
    """Return the number of the version that the alias names; None where it names none."""
    model = registered_model(client, name)
    number = None if model is None else model.aliases.get(CHAMPION)
    return None if number is None else int(number)


def _numbered(client: "MlflowClient", name: str, number: int) -> Version:
    found = retried(lambda: client.get_model_version(name, str(number)))
    return _version(found, champion=champion_number(client, name))


def _versions(client: "MlflowClient", name: str | None) -> list[Version]:
    """Return the versions that vi_risk registered, of one model or of all, the newest first."""
    if name is not None and not _NAME.fullmatch(name):
        return []
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = retried(
            lambda token=token: client.search_model_versions(  # type: ignore[misc]
                None if name is None else f"name='{name}'", max_results=_PAGE, page_token=token
            )
        )
        found += [one for one in page if CHECKSUM in one.tags]
        token = page.token
        if not token:
            break
    champions = {one: champion_number(client, one) for one in {version.name for version in found}}
    versions = [_version(one, champion=champions[one.name]) for one in found]
    return sorted(versions, key=lambda version: (version.name, -version.number))


def _of_content(client: "MlflowClient", name: str, checksum: str) -> Version | None:
    """Return the first version of that content."""
    same = [version for version in _versions(client, name) if version.tags[CHECKSUM] == checksum]
    return same[-1] if same else None


def _version(found: "ModelVersion", *, champion: int | None) -> Version:
    number = int(found.version)
    tags = dict(found.tags)
    try:
        latest: dict[str, str] = json.loads(tags.pop(_LATEST, "{}"))
        tags |= latest
    except (ValueError, TypeError):
        msg = (
            f"{found.name} version {number}: its tag {_LATEST} is not as it was written. Remove it in MLflow; the"
            " version then stands with its first evaluation."
        )
        raise InputError(msg) from None
    return Version(
        name=found.name,
        number=number,
        run_id=str(found.run_id),
        evidence_run_id=tags.pop(_EVIDENCE, str(found.run_id)),
        tags=tags,
        registered_on=datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC).date(),
        champion=number == champion,
    )
