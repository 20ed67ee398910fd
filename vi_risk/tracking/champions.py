"""The champion: the version that lists are made with, named by an alias; every move of it is kept with the model."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from vi_risk.errors import InputError
from vi_risk.tracking.opening import opened, retried
from vi_risk.tracking.registry import CHAMPION, NOT_READ, Version, champion_number, nothing_yet, registered_model

if TYPE_CHECKING:
    from mlflow import MlflowClient

_EVENT = f"{CHAMPION}."  # and the number of the move: a tag of the registered model


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The alias moved once: from the version that was champion `before` (None: there was none) to another, and why."""

    verb: Literal["promoted", "rolled back"]
    before: int | None
    version: int
    why: str = ""


def set_champion(version: Version, *, verb: Literal["promoted", "rolled back"], why: str, tracking_uri: str) -> Move:
    """Let the alias name `version`, and keep the move; if it cannot be kept, the alias goes back to where it was."""
    with opened(tracking_uri, purpose=NOT_READ) as client:
        before = champion_number(client, version.name)
        move = Move(verb=verb, before=before, version=version.number, why=why)
        number = len(_moves(client, version.name)) + 1
        retried(lambda: client.set_registered_model_alias(version.name, CHAMPION, str(version.number)))
        try:
            retried(
                lambda: client.set_registered_model_tag(
                    version.name, f"{_EVENT}{number:04d}", json.dumps(asdict(move), ensure_ascii=False)
                )
            )
        except BaseException:
            _restore(client, version.name, before)
            raise
    return move


def moves_of(name: str, *, tracking_uri: str) -> list[Move]:
    """Return every move of the alias, the oldest first."""
    if nothing_yet(tracking_uri):
        return []
    with opened(tracking_uri, purpose=NOT_READ) as client:
        return _moves(client, name)


def champions_before(moves: Sequence[Move], champion: int | None) -> list[int]:
    """Return the versions that were champion before the one that is, the latest first.

    A promotion puts a version on top of the one before; going back takes away all above the version gone back to.
    Where the alias was moved by other means, the last version known here comes first.

    Examples
    --------
    >>> champions_before([Move(verb="promoted", before=None, version=1), Move(verb="promoted", before=1, version=4)], 4)
    [1]
    """
    standing: list[int] = []
    for move in moves:
        if move.before is not None and (not standing or standing[-1] != move.before):
            standing.append(move.before)  # moved there by other means
        if move.verb == "rolled back" and move.version in standing:
            while standing[-1] != move.version:
                standing.pop()
        else:
            standing.append(move.version)
    if standing and standing[-1] == champion:
        standing.pop()
    return list(reversed(standing))


def _restore(client: "MlflowClient", name: str, before: int | None) -> None:
    if before is None:
        retried(lambda: client.delete_registered_model_alias(name, CHAMPION))
    else:
        retried(lambda: client.set_registered_model_alias(name, CHAMPION, str(before)))


def _moves(client: "MlflowClient", name: str) -> list[Move]:
    model = registered_model(client, name)
    tags = {} if model is None else model.tags
    found = []
    for key in sorted(tag for tag in tags if tag.startswith(_EVENT)):
        try:
            found.append(Move(**json.loads(tags[key])))
        except (ValueError, TypeError):
            msg = (
                f"{name}: the tag {key} of the registered model is not as it was written. Mend or remove it in MLflow."
            )
            raise InputError(msg) from None
    return found
