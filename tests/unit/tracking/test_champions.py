"""The alias moves, every move is kept, and the champions before can be told from the moves."""

from collections.abc import Callable

import mlflow
import pytest

from vi_risk.errors import InputError, ResourceError
from vi_risk.tracking import TrackedRun, Version
from vi_risk.tracking.champions import Move, champions_before, moves_of, set_champion
from vi_risk.tracking.registry import champion_of, track_and_register


@pytest.fixture
def register(tracked_run: TrackedRun, tracking_uri: str) -> Callable[[str, str], Version]:
    def registered(name: str, content: str) -> Version:
        return track_and_register(tracked_run, name=name, checksum=content, tags={}, tracking_uri=tracking_uri).version

    return registered


def promoted(before: int | None, version: int) -> Move:
    return Move(verb="promoted", before=before, version=version)


def back(before: int, version: int) -> Move:
    return Move(verb="rolled back", before=before, version=version)


@pytest.mark.parametrize(
    ("moves", "champion", "before"),
    [
        ([], None, []),
        ([promoted(None, 1)], 1, []),
        ([promoted(None, 1), promoted(1, 2), promoted(2, 5)], 5, [2, 1]),
        ([promoted(None, 1), promoted(1, 2), back(2, 1)], 1, []),
        ([promoted(None, 1), promoted(1, 2), promoted(2, 5), back(5, 2)], 2, [1]),
        ([promoted(None, 1), promoted(1, 2), promoted(2, 5), back(5, 1)], 1, []),
        ([promoted(None, 1), promoted(1, 2), back(2, 1), promoted(1, 3)], 3, [1]),
        ([promoted(None, 1), promoted(1, 2), promoted(2, 1)], 1, [2, 1]),  # an old version that earned it again
        ([promoted(None, 1), promoted(1, 2)], 7, [2, 1]),  # somebody moved the alias in MLflow
        ([promoted(None, 1), promoted(7, 8)], 8, [7, 1]),  # and then one was promoted over it
        ([promoted(3, 4)], 4, [3]),  # the first champion was set by hand
    ],
)
def test_the_champions_before_are_told_latest_first(moves: list[Move], champion: int | None, before: list[int]) -> None:
    assert champions_before(moves, champion) == before


def test_the_champion_is_the_version_that_was_set_and_every_move_is_kept(
    register: Callable[[str, str], Version], tracking_uri: str
) -> None:
    first, second = register("moved", "a"), register("moved", "b")
    assert champion_of("moved", tracking_uri=tracking_uri) is None

    set_champion(first, verb="promoted", why="the first", tracking_uri=tracking_uri)
    set_champion(second, verb="promoted", why="dépistage — 12 more", tracking_uri=tracking_uri)
    set_champion(first, verb="rolled back", why="", tracking_uri=tracking_uri)

    champion = champion_of("moved", tracking_uri=tracking_uri)
    assert champion is not None
    assert (champion.number, champion.champion) == (1, True)
    assert moves_of("moved", tracking_uri=tracking_uri) == [
        Move(verb="promoted", before=None, version=1, why="the first"),
        Move(verb="promoted", before=1, version=2, why="dépistage — 12 more"),
        Move(verb="rolled back", before=2, version=1),
    ]


def test_a_name_that_nobody_registered_has_neither_champion_nor_moves(
    register: Callable[[str, str], Version], tracking_uri: str
) -> None:
    register("another", "a")
    assert champion_of("unheard_of", tracking_uri=tracking_uri) is None
    assert moves_of("unheard_of", tracking_uri=tracking_uri) == []


@pytest.mark.parametrize("champion_before", [True, False])
def test_a_move_that_cannot_be_kept_is_not_made(
    register: Callable[[str, str], Version],
    tracking_uri: str,
    monkeypatch: pytest.MonkeyPatch,
    champion_before: bool,
) -> None:
    name = f"not_kept_{champion_before}".lower()
    first, second = register(name, "a"), register(name, "b")
    if champion_before:
        set_champion(first, verb="promoted", why="", tracking_uri=tracking_uri)
    before = champion_of(name, tracking_uri=tracking_uri)

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(mlflow.MlflowClient, "set_registered_model_tag", fail)
    with pytest.raises(ResourceError):
        set_champion(second, verb="promoted", why="", tracking_uri=tracking_uri)

    assert champion_of(name, tracking_uri=tracking_uri) == before
    assert (before is not None) == champion_before


def test_a_move_that_was_written_over_is_told_by_its_tag(
    register: Callable[[str, str], Version], tracking_uri: str
) -> None:
    set_champion(register("written_over", "a"), verb="promoted", why="", tracking_uri=tracking_uri)
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    client.set_registered_model_tag("written_over", "champion.0001", "last week")

    with pytest.raises(InputError, match=r"written_over: the tag champion\.0001 .* Mend or remove it"):
        moves_of("written_over", tracking_uri=tracking_uri)
