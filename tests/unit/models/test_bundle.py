import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, ResourceError
from vi_risk.models.bundle import BOOSTER_FILE, MODEL_FILE, load, save
from vi_risk.models.classifier import RiskClassifier

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
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    other = RiskClassifier(n_estimators=5, min_child_samples=10, num_threads=1).fit(features, features["smoker"])
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full_disk)
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
    with pytest.raises(InputError, match="expected format 1, found another"):
        load(folder)


def test_what_json_cannot_hold_is_refused_before_anything_is_written(model: RiskClassifier, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot be saved with a model"):
        save(model, tmp_path / "model", about={"when": object()})
    assert not (tmp_path / "model").exists()
