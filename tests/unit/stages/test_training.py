"""The models that stand beside the main one are sealed with it: no other can be put in the place of one of them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.unit.models.made_up_snapshots import SPEC, made_up
from vi_risk import stages
from vi_risk.errors import InputError
from vi_risk.models import beside
from vi_risk.models.learning import bundle
from vi_risk.models.snapshot_files import save_snapshots
from vi_risk.models.spec_tables import UncertaintySpec
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import MODEL_FOLDER, read_run, update_run
from vi_risk.stages.finished import companions_in, model_in

NAMES = ["sooner", "death"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder in which a model and two beside it were trained."""
    folder = tmp_path_factory.mktemp("trained")
    sooner = SPEC.model_copy(update={"name": "sooner", "horizon_days": 91})
    death = SPEC.model_copy(update={"name": "death", "outcome": "death"})
    spec = SPEC.model_copy(update={"companions": (sooner, death), "uncertainty": UncertaintySpec(refits=2)})
    snapshots = made_up()
    assert isinstance(snapshots.features, pd.DataFrame)
    age, admissions = (snapshots.features[name].to_numpy() for name in ("age", "emergency_admissions_365d"))
    slip = np.arange(len(age)) % 7 == 0
    told_by = {"sooner": admissions > 0, "death": age > 70}
    outcomes = {f"{name}_outcome": (told ^ slip).astype(float) for name, told in told_by.items()}
    asked = replace(snapshots, cohort=snapshots.cohort.assign(ended="followed", **outcomes))
    update_run(folder, "features", save_snapshots(asked, folder), spec=spec.model_dump(mode="json"))
    stages.train(folder, Silence())
    return folder


@pytest.fixture
def out(trained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(trained, tmp_path / "out")


def companions(out: Path) -> dict[str, object]:
    return dict(companions_in(out, read_run(out, needs="model", command="train")))


def test_the_main_model_holds_the_checksum_of_each_that_stands_beside_it(trained: Path) -> None:
    said = bundle.about_of(trained / MODEL_FOLDER)
    _, run = model_in(trained)

    assert run["model"]["companions"] == NAMES
    assert said["companions"] == {
        name: bundle.checksum_of(beside.companion_folder(trained / MODEL_FOLDER, name)) for name in NAMES
    }
    assert list(companions(trained)) == sorted(NAMES)


def test_another_model_in_the_place_of_a_companion_is_refused(out: Path) -> None:
    """Of death stands the model of an earlier admission, whole and with its own seal."""
    sooner, death = (beside.companion_folder(out / MODEL_FOLDER, name) for name in NAMES)
    shutil.rmtree(death)
    shutil.copytree(sooner, death)

    with pytest.raises(InputError, match="expected the model of death that was trained with the one it stands beside"):
        companions(out)
    with pytest.raises(InputError, match="expected the model of death"):
        stages.score(out, Silence())


def test_a_companion_that_is_gone_is_told_whatever_run_json_says(out: Path) -> None:
    shutil.rmtree(beside.companion_folder(out / MODEL_FOLDER, "death"))
    run = read_run(out, needs="model", command="train")
    update_run(out, "model", run["model"] | {"companions": ["sooner"]})

    with pytest.raises(InputError, match=r"death/model\.json: cannot be read"):
        companions(out)


def test_a_model_whose_companions_were_not_yet_sealed_with_it_is_refused(out: Path) -> None:
    _saved_again(out, {"spec": {}})

    with pytest.raises(InputError, match=r"sooner, death: cannot be told from other models .* Train and evaluate"):
        companions(out)


def test_a_model_without_companions_needs_none_to_be_sealed(out: Path) -> None:
    _saved_again(out, {"spec": {}})
    run = read_run(out, needs="model", command="train")
    update_run(out, "model", run["model"] | {"companions": []})

    assert companions(out) == {}


@pytest.mark.parametrize("name", ["../companions/death", "/death", "", "death\n"])
def test_the_name_of_a_companion_leads_nowhere_else(out: Path, name: str) -> None:
    _saved_again(out, {"companions": {name: "0" * 64}})

    with pytest.raises(InputError, match="expected the names of companions with their checksums"):
        companions(out)


def test_another_main_model_than_run_json_tells_of_is_refused(out: Path) -> None:
    _saved_again(out, {"spec": {}}, told=False)

    with pytest.raises(InputError, match=r"expected the model \w{12} that run\.json tells of, found another"):
        stages.score(out, Silence())


def _saved_again(out: Path, about: dict[str, object], *, told: bool = True) -> None:
    """Save the main model with something else said about it, as run.json then tells or not."""
    model, _ = bundle.load(out / MODEL_FOLDER)
    checksum = bundle.save(model, out / MODEL_FOLDER, about=about)
    assert json.loads((out / MODEL_FOLDER / bundle.MODEL_FILE).read_text())["about"] == about
    if told:
        run = read_run(out, needs="model", command="train")
        update_run(out, "model", run["model"] | {"checksum": checksum})
