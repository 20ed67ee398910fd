"""A list is made with the champion unless told otherwise, and never with a model that does not fit the folder."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.unit.registry.conftest import DATES, NOISE, TELLING, MakeOut
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError, UsageError
from vi_risk.evidence import disclosed, disclosed_run, rule_of
from vi_risk.features.catalogue import Catalogue
from vi_risk.registry.keeping import keep_model
from vi_risk.registry.model_choice import REGISTERED_FOLDER, choose_model, place_of_model
from vi_risk.running.run_file import write_json
from vi_risk.tracking import Version, set_champion


class Told:
    """Somebody who remembers what was said."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def stage(self, title: str) -> None: ...

    def rows(self, number: int) -> None: ...

    def step(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture(scope="module")
def registered(make_out: MakeOut, tracking_uri: str) -> tuple[Path, Version]:
    """A champion, and the folder that it was trained in."""
    folder = make_out("chosen")
    version = keep_model(folder, tracking_uri=tracking_uri).version
    set_champion(version, verb="promoted", why="", tracking_uri=tracking_uri)
    return folder, replace(version, champion=True)


def test_without_a_registry_the_folders_own_model_is_taken(make_out: MakeOut, tmp_path: Path) -> None:
    folder = make_out("lonely")
    chosen = choose_model(folder, None, tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert (chosen.folder, chosen.version) == (folder, None)
    assert chosen.to_dict()["from"] == "own"


def test_without_a_champion_the_folders_own_model_is_taken(make_out: MakeOut, tracking_uri: str) -> None:
    folder = make_out("no_champion_yet")
    keep_model(folder, tracking_uri=tracking_uri)
    assert choose_model(folder, None, tracking_uri=tracking_uri).folder == folder
    with pytest.raises(UsageError, match="no champion of no_champion_yet"):
        choose_model(folder, "champion", tracking_uri=tracking_uri)


@pytest.mark.parametrize("asked", [None, "champion", "1"])
def test_the_champion_is_fetched_with_its_evidence(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str, asked: str | None
) -> None:
    folder = make_out("chosen", inputs=(NOISE,))
    origin, version = registered

    chosen = choose_model(folder, asked, tracking_uri=tracking_uri)

    assert chosen.folder == folder / REGISTERED_FOLDER
    assert chosen.version == version
    for name in ("model/booster.txt", "model/model.json", "model_card.html"):
        assert (chosen.folder / name).read_bytes() == (origin / name).read_bytes()
    run, evaluation = (json.loads((origin / name).read_text()) for name in ("run.json", "evaluation.json"))
    assert json.loads((chosen.folder / "evaluation.json").read_text()) == disclosed(evaluation, rule_of(run))
    assert json.loads((chosen.folder / "run.json").read_text()) == disclosed_run(run, rule_of(run))
    for name in ("model/booster.txt", "model/model.json", "evaluation.json", "model_card.html", "run.json"):
        assert (folder / name).exists()  # the folder's own stay
    assert chosen.to_dict() == {
        "from": "registered", "checksum": version.tags["checksum"], "name": "chosen", "version": 1, "champion": True,
        "run_id": version.run_id,
    }  # fmt: skip
    assert "chosen version 1, champion" in chosen.words


def test_a_folder_with_features_alone_is_scored_with_the_champion(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str
) -> None:
    folder = make_out("chosen")
    run = json.loads((folder / "run.json").read_text())
    del run["model"], run["evaluation"]
    write_json(folder / "run.json", run)

    assert choose_model(folder, None, tracking_uri=tracking_uri).folder == folder / REGISTERED_FOLDER
    with pytest.raises(InputError, match="Run `vi-risk train`"):
        choose_model(folder, "own", tracking_uri=tracking_uri)
    assert not (folder / REGISTERED_FOLDER).exists()


def test_the_folders_own_model_is_taken_where_it_is_the_champion_or_was_asked_for(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str
) -> None:
    origin, version = registered
    other = make_out("chosen", inputs=(TELLING,))

    is_champion = choose_model(origin, None, tracking_uri=tracking_uri)
    asked_for = choose_model(other, "own", tracking_uri=tracking_uri)

    assert (is_champion.folder, is_champion.version) == (origin, version)
    assert (asked_for.folder, asked_for.version) == (other, None)


@pytest.mark.parametrize("asked", ["9", "best", "1.5", "-1"])
def test_a_version_that_is_not_there_is_a_usage_error(
    registered: tuple[Path, Version], tracking_uri: str, asked: str
) -> None:
    with pytest.raises(UsageError, match=asked):
        choose_model(registered[0], asked, tracking_uri=tracking_uri)


# --- what does not fit -----------------------------------------------------------------------------------------------


def test_a_model_whose_features_are_defined_otherwise_today_is_refused_and_they_are_named(
    registered: tuple[Path, Version], make_out: MakeOut, catalogue: Catalogue, tracking_uri: str
) -> None:
    admissions, outpatient = catalogue.definitions
    narrower = replace(
        catalogue,
        definitions=(admissions.model_copy(update={"where": {"admission_method": ("21",)}}), outpatient),
    )
    folder = make_out("chosen", inputs=(NOISE,), declared=narrower)

    with pytest.raises(InputError, match=f"1 of its 2 features differ today: {TELLING} is defined otherwise"):
        choose_model(folder, None, tracking_uri=tracking_uri)


def test_a_change_to_what_the_model_does_not_read_is_no_hindrance(
    registered: tuple[Path, Version], make_out: MakeOut, catalogue: Catalogue, tracking_uri: str
) -> None:
    admissions, outpatient = catalogue.definitions
    more = replace(
        catalogue,
        definitions=(
            admissions.model_copy(update={"title": "Other words", "windows": (*admissions.windows, 3000)}),
            outpatient,
            outpatient.model_copy(update={"name": "another"}),
        ),
    )
    folder = make_out("chosen", inputs=(NOISE,), declared=more)

    assert choose_model(folder, None, tracking_uri=tracking_uri).version == registered[1]


def test_a_model_of_another_horizon_is_refused(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str
) -> None:
    folder = make_out("chosen", inputs=(NOISE,), horizon_days=90)
    with pytest.raises(InputError, match="horizon_days is 90, that of the version 365"):
        choose_model(folder, None, tracking_uri=tracking_uri)


def test_another_look_back_is_told(registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str) -> None:
    folder = make_out("chosen", inputs=(NOISE,))
    run = json.loads((folder / "run.json").read_text())
    run["features"]["windows"] = {TELLING: 300}
    write_json(folder / "run.json", run)
    told = Told()

    choose_model(folder, None, tracking_uri=tracking_uri, report=told)

    assert told.warnings == [
        f"chosen version 1: 1 of its features look back over other days here than when it was trained: {TELLING}"
    ]


def test_a_model_that_was_exchanged_in_the_store_is_refused(make_out: MakeOut, tracking_uri: str) -> None:
    folder = make_out("exchanged")
    keep_model(folder, tracking_uri=tracking_uri)
    store = Path(tracking_uri.removeprefix("sqlite:///")).parent / "artifacts" / "models"
    own = (folder / "model" / "model.json").read_bytes()
    (kept,) = [path for path in store.rglob("model.json") if path.read_bytes() == own]
    kept.write_bytes(own + b"\n")

    with pytest.raises(InputError, match="not the one that was registered"):
        choose_model(make_out("exchanged", inputs=(NOISE,)), "1", tracking_uri=tracking_uri)


def test_dates_do_not_matter_for_a_score(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str
) -> None:
    later = IndexDates(date(2025, 6, 1), date(2024, 6, 1), DATES.train)
    folder = make_out("chosen", inputs=(NOISE,), dates=later)
    assert choose_model(folder, None, tracking_uri=tracking_uri).version == registered[1]


@pytest.mark.parametrize("asked", ["own", "champion"])
def test_lists_are_made_with_the_model_of_the_scores(
    registered: tuple[Path, Version], make_out: MakeOut, tracking_uri: str, asked: str
) -> None:
    folder = make_out("chosen", inputs=(NOISE,))
    chosen = choose_model(folder, asked, tracking_uri=tracking_uri)
    run = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", {**run, "scores": {"people": 1, "model": chosen.to_dict()}})

    assert place_of_model(folder) == chosen.folder
