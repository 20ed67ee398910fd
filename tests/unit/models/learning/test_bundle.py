import hashlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, ResourceError
from vi_risk.models.learning.bundle import BOOSTER_FILE, MODEL_FILE, load, load_any, load_refits, save
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.uncertainty import Refits, fit_refits

ABOUT: dict[str, Any] = {
    "target": "emergency_admission_12m",
    "index_dates": ("2023-01-01",),
    "cut_points": {10: "high", 2: "low"},
}


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    return pd.DataFrame(
        {
            "days since contact": np.where(rng.random(600) < 0.3, np.nan, rng.integers(0, 400, 600)),
            "team": pd.Categorical(rng.choice(["falls", "naïve: matron"], 600)),
            "ward": pd.Categorical(rng.choice([1, 2, 30], 600)),
            "smoker": rng.random(600) < 0.3,
        }
    )


@pytest.fixture(scope="module")
def model(features: pd.DataFrame) -> RiskClassifier:
    risk = np.where(features["smoker"], 0.7, 0.2) + np.where(features["team"] == "falls", 0.1, 0.0)
    y = np.random.default_rng(1).random(600) < risk
    trees: Any = np.int64(20)  # as a parameter search sets it
    return RiskClassifier(n_estimators=trees, min_child_samples=10, num_threads=1).fit(features, y)


@pytest.fixture
def folder(model: RiskClassifier, tmp_path: Path) -> Path:
    save(model, tmp_path / "a" / "model", about=ABOUT)
    return tmp_path / "a" / "model"


def test_a_loaded_model_predicts_and_explains_exactly_alike(
    model: RiskClassifier, features: pd.DataFrame, folder: Path
) -> None:
    loaded, _ = load(folder)
    np.testing.assert_array_equal(loaded.predict_proba(features), model.predict_proba(features))
    np.testing.assert_array_equal(loaded.predict(features), model.predict(features))
    pd.testing.assert_frame_equal(loaded.contributions(features.head(5)), model.contributions(features.head(5)))
    assert loaded.get_params() == model.get_params()
    assert loaded.classes_.dtype == bool


def test_a_loaded_model_still_takes_any_column_order_and_refuses_missing_columns(
    features: pd.DataFrame, folder: Path
) -> None:
    loaded, _ = load(folder)
    turned = features[features.columns[::-1]]
    np.testing.assert_array_equal(loaded.predict_raw(turned), loaded.predict_raw(features))
    with pytest.raises(InputError, match="columns are missing: team"):
        loaded.predict_raw(features.drop(columns="team"))


def test_what_was_said_about_the_model_comes_back_as_json_holds_it(folder: Path) -> None:
    _, about = load(folder)
    assert about == {
        "target": "emergency_admission_12m",
        "index_dates": ["2023-01-01"],
        "cut_points": {"10": "high", "2": "low"},
    }


def test_saving_twice_gives_the_same_bytes(model: RiskClassifier, folder: Path, tmp_path: Path) -> None:
    save(load(folder)[0], tmp_path / "again", about=ABOUT)
    for name in (BOOSTER_FILE, MODEL_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_the_bundle_is_text_without_a_pickle(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["booster.txt", "model.json"]
    assert (folder / BOOSTER_FILE).read_text("utf-8").startswith("tree\n")


@pytest.mark.parametrize("place", [0, 0.5, -1])
def test_one_changed_byte_in_the_booster_is_refused(folder: Path, place: float) -> None:
    text = bytearray((folder / BOOSTER_FILE).read_bytes())
    text[int(place * len(text)) if place > 0 else int(place)] ^= 1
    (folder / BOOSTER_FILE).write_bytes(text)
    with pytest.raises(InputError, match=r"booster\.txt: its checksum is not the one"):
        load(folder)


def test_a_changed_calibration_is_refused(folder: Path) -> None:
    content = json.loads((folder / MODEL_FILE).read_text("utf-8"))
    content["calibrator"]["intercept"] += 0.01
    (folder / MODEL_FILE).write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match=r"model\.json: its checksum is not the one"):
        load(folder)


def test_a_save_that_stopped_between_its_files_is_refused(
    model: RiskClassifier, folder: Path, features: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full_disk(path: Path, content: bytes) -> int:
        if path.name == MODEL_FILE:
            raise OSError(28, "No space left on device")
        return write(path, content)

    other = RiskClassifier(n_estimators=5, min_child_samples=10, num_threads=1).fit(features, features["smoker"])
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full_disk)
        with pytest.raises(ResourceError, match="No space left on device"):
            save(other, folder, about={})
    with pytest.raises(InputError, match=r"booster\.txt: its checksum"):
        load(folder)


@pytest.mark.parametrize("name", [BOOSTER_FILE, MODEL_FILE])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: cannot be read"):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"sha256": "x"}', b"\xff\xfe"])
def test_a_description_that_is_not_one_is_refused(folder: Path, content: bytes) -> None:
    (folder / MODEL_FILE).write_bytes(content)
    with pytest.raises(InputError, match="is not the description of a saved model"):
        load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    content = json.loads((folder / MODEL_FILE).read_text("utf-8"))
    (folder / MODEL_FILE).write_text(json.dumps({**content, "format": 99}), "utf-8")
    with pytest.raises(InputError, match="expected format 2, found another"):
        load(folder)


def test_what_json_cannot_hold_is_refused_before_anything_is_written(model: RiskClassifier, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot be saved with a model"):
        save(model, tmp_path / "model", about={"when": object()})
    assert not (tmp_path / "model").exists()


# --- other kinds of model ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic", "beta"])
@pytest.mark.parametrize("recalibrated", [False, True])
def test_every_calibration_comes_back_as_it_was(
    features: pd.DataFrame, tmp_path: Path, calibration: Any, recalibrated: bool
) -> None:
    y = features["smoker"].to_numpy() ^ (np.random.default_rng(2).random(600) < 0.2)
    settings: dict[str, Any] = {"n_estimators": 10, "min_child_samples": 10, "num_threads": 1}
    model = RiskClassifier(calibration=calibration, monotone={"smoker": 1}, **settings).fit(features, y)
    if recalibrated:
        model = model.recalibrated(features, ~y | features["smoker"], "in_the_large")
    save(model, tmp_path / "one", about={"recalibrated_from": "abc" if recalibrated else None})
    loaded, about = load(tmp_path / "one")
    np.testing.assert_array_equal(loaded.predict_proba(features), model.predict_proba(features))
    assert loaded.calibrator_ == model.calibrator_
    assert loaded.get_params() == model.get_params()
    assert loaded.raw_sd_ == model.raw_sd_
    assert about["recalibrated_from"] == ("abc" if recalibrated else None)
    save(loaded, tmp_path / "again", about=about)
    assert (tmp_path / "again" / MODEL_FILE).read_bytes() == (tmp_path / "one" / MODEL_FILE).read_bytes()


def test_a_recalibrated_model_is_another_version_of_the_same_trees(
    model: RiskClassifier, features: pd.DataFrame, folder: Path, tmp_path: Path
) -> None:
    moved = model.recalibrated(features, np.random.default_rng(1).random(600) < 0.3)
    save(moved, tmp_path / "moved", about=ABOUT)
    assert (tmp_path / "moved" / BOOSTER_FILE).read_bytes() == (folder / BOOSTER_FILE).read_bytes()
    assert (tmp_path / "moved" / MODEL_FILE).read_bytes() != (folder / MODEL_FILE).read_bytes()


@pytest.mark.parametrize("objective", ["poisson", "tweedie"])
def test_a_model_of_counts_comes_back_as_it_was_and_is_not_taken_for_a_risk(
    features: pd.DataFrame, tmp_path: Path, objective: Any
) -> None:
    counts = np.random.default_rng(3).poisson(np.where(features["smoker"], 2.0, 0.4))
    model = CountRegressor(objective=objective, n_estimators=10, min_child_samples=10, num_threads=1)
    model.fit(features, counts)
    save(model, tmp_path / "counts", about=ABOUT)
    loaded, about = load_any(tmp_path / "counts")
    assert isinstance(loaded, CountRegressor)
    np.testing.assert_array_equal(loaded.predict(features), model.predict(features))
    pd.testing.assert_frame_equal(loaded.contributions(features.head(5)), model.contributions(features.head(5)))
    assert about["target"] == ABOUT["target"]
    with pytest.raises(InputError, match="expected a model of a risk, found one of counts"):
        load(tmp_path / "counts")


# --- refits -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def refits(model: RiskClassifier, features: pd.DataFrame) -> Refits:
    y = np.random.default_rng(1).random(600) < np.where(features["smoker"], 0.7, 0.2)
    return fit_refits(model, features, y, refits=3)


@pytest.fixture
def with_refits(model: RiskClassifier, refits: Refits, tmp_path: Path) -> Path:
    save(model, tmp_path / "model", about=ABOUT, refits=refits)
    return tmp_path / "model"


def test_loaded_refits_give_the_same_risks(refits: Refits, features: pd.DataFrame, with_refits: Path) -> None:
    loaded = load_refits(with_refits)
    assert loaded is not None
    np.testing.assert_array_equal(loaded.risks(features), refits.risks(features))
    assert load(with_refits)[0].get_params() == refits.model.get_params()


def test_refits_are_sealed_with_the_model_and_saved_with_the_same_bytes(
    model: RiskClassifier, refits: Refits, with_refits: Path, tmp_path: Path
) -> None:
    save(model, tmp_path / "again", about=ABOUT, refits=load_refits(with_refits))
    written = sorted(path.relative_to(with_refits) for path in with_refits.rglob("*.*"))
    assert [path.as_posix() for path in written] == [
        "booster.txt",
        "model.json",
        "refits/000.txt",
        "refits/001.txt",
        "refits/002.txt",
    ]
    for path in written:
        assert (tmp_path / "again" / path).read_bytes() == (with_refits / path).read_bytes()


def test_a_model_without_refits_says_so(folder: Path) -> None:
    assert load_refits(folder) is None


@pytest.mark.parametrize("loaded", [load, load_any, load_refits])
def test_a_changed_or_missing_refit_is_refused_whatever_is_loaded(
    with_refits: Path, loaded: Callable[[Path], object]
) -> None:
    changed = with_refits / "refits" / "001.txt"
    changed.write_bytes(changed.read_bytes() + b"\n")
    with pytest.raises(InputError, match=r"001\.txt: its checksum is not the one"):
        loaded(with_refits)
    changed.unlink()
    with pytest.raises(InputError, match=r"001\.txt: cannot be read"):
        loaded(with_refits)


@pytest.mark.parametrize("name", ["notes.txt", "refits/009.txt", "model.pkl"])
def test_a_file_that_was_not_saved_with_the_model_is_named_and_refused(with_refits: Path, name: str) -> None:
    (with_refits / name).write_text("x")
    with pytest.raises(InputError, match=f"expected the files of a saved model alone, found {name}. Take away"):
        load(with_refits)


def test_what_a_desktop_leaves_and_models_in_folders_of_their_own_may_lie_beside_the_files(
    model: RiskClassifier, folder: Path
) -> None:
    (folder / ".DS_Store").write_text("x")
    save(model, folder / "companions" / "death_12m", about={})
    load(folder)


def test_saving_over_a_model_with_refits_leaves_none_of_them(model: RiskClassifier, with_refits: Path) -> None:
    save(model, with_refits, about=ABOUT)
    assert load_refits(with_refits) is None


# --- not as it was saved ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [MODEL_FILE, BOOSTER_FILE, "refits/000.txt", "refits/001.txt", "refits/002.txt"])
def test_any_changed_byte_of_any_file_is_refused(with_refits: Path, name: str) -> None:
    whole = (with_refits / name).read_bytes()
    rng = np.random.default_rng(17)
    places = {0, len(whole) - 1, *rng.integers(0, len(whole), 50).tolist()}
    spaces = [place for place, sign in enumerate(whole) if sign in b" \n"]  # which mean nothing to JSON
    for place in sorted(places | set(rng.choice(spaces, 20).tolist())):
        for other in {whole[place] ^ 1, whole[place] ^ 0x80, ord("\t")} - {whole[place]}:
            (with_refits / name).write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
            with pytest.raises(InputError):
                load_refits(with_refits)
    (with_refits / name).write_bytes(whole)
    assert load_refits(with_refits) is not None


def sealed(folder: Path, **changes: Any) -> None:
    """Change the description of a model and seal it again, as somebody with bad intent would."""
    content = json.loads((folder / MODEL_FILE).read_text("utf-8")) | changes
    content.pop("sha256")
    seal = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    text = json.dumps({**content, "sha256": seal}, indent=2, sort_keys=True) + "\n"
    (folder / MODEL_FILE).write_text(text, "utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"../outside.txt": hashlib.sha256(b"zebra").hexdigest()}},
        {"files": {"/etc/hostname": "0" * 64}},
        {"files": ["booster.txt"]},
        {"calibrator": {"kind": "pickle", "slope": 1}},
        {"calibrator": {"kind": "sigmoid", "slope": "one", "intercept": 0}},
        {"calibrator": None},
        {"parameters": {"trees": 3}},
        {"parameters": {"__class__": "os.system"}},
        {"estimator": None, "parameters": None},
        {"feature_names": None},
    ],
    ids=str,
)
def test_a_description_that_was_sealed_by_another_names_no_file_elsewhere_and_nothing_to_run(
    folder: Path, changes: dict[str, Any]
) -> None:
    (folder.parent / "outside.txt").write_bytes(b"zebra")
    sealed(folder, **changes)

    with pytest.raises(InputError, match="is not the description of a saved model"):
        load_any(folder)


def test_nothing_is_unpickled_to_load_a_model(with_refits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        pytest.fail("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refused)
    load_refits(with_refits)
