"""A model on disk: LightGBM's own text and one JSON file, each with its checksum.

There is no pickle, so loading runs nothing. `booster.txt` is written first and `model.json`, which seals it, last:
an interrupted save is refused by `load`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError, ResourceError
from vi_risk.models.calibration import CALIBRATORS
from vi_risk.models.classifier import RiskClassifier

BOOSTER_FILE = "booster.txt"
MODEL_FILE = "model.json"
_FORMAT = 1


def save(model: RiskClassifier, folder: Path, *, about: Mapping[str, Any]) -> None:
    """Write a fitted model to `folder`, made if need be; the same model and `about` give the same bytes.

    Parameters
    ----------
    model
        A fitted model.
    folder
        Receives booster.txt and model.json.
    about
        What else belongs to the model (its spec, fingerprints): anything that JSON holds.

    Raises
    ------
    ResourceError
        The folder cannot be written.
    """
    check_is_fitted(model, "booster_")
    booster_text = model.booster_.model_to_string().encode()
    content = _as_json_holds(
        {
            "format": _FORMAT,
            "parameters": model.get_params(),
            "calibrator": model.calibrator_.to_dict(),
            "classes": model.classes_.tolist(),
            "feature_names": model.feature_name_,
            "categories": model.categories_,
            "about": dict(about),
            "booster_sha256": hashlib.sha256(booster_text).hexdigest(),
        }
    )
    sealed = {**content, "sha256": _seal(content)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BOOSTER_FILE).write_bytes(booster_text)
        (folder / MODEL_FILE).write_text(json.dumps(sealed, indent=2, sort_keys=True, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        msg = f"{folder}: the model cannot be written ({error.strerror}). Free space there or choose another folder."
        raise ResourceError(msg) from None


def load(folder: Path) -> tuple[RiskClassifier, dict[str, Any]]:
    """Return the model that `save` wrote, and what was said about it; it predicts exactly as it did then.

    Raises
    ------
    InputError
        A file is missing, is not a saved model, is of another format, or has changed since it was saved.
    """
    booster_text = _read(folder / BOOSTER_FILE)
    where = folder / MODEL_FILE
    try:
        content = json.loads(_read(where))
        seal = content.pop("sha256")
        found_format = content["format"]
    except (ValueError, KeyError, TypeError, AttributeError):
        msg = f"{where}: is not the description of a saved model. Train the model again, or copy its folder again."
        raise InputError(msg) from None
    if found_format != _FORMAT:
        msg = f"{where}: expected format {_FORMAT}, found another. Load it with the version of vi_risk that saved it."
        raise InputError(msg)
    if seal != _seal(content):
        raise _changed(where)
    if hashlib.sha256(booster_text).hexdigest() != content["booster_sha256"]:
        raise _changed(folder / BOOSTER_FILE)
    model = RiskClassifier(**content["parameters"])
    calibrator = content["calibrator"]
    model.calibrator_ = CALIBRATORS[calibrator["kind"]].from_dict(calibrator)
    model.classes_ = np.asarray(content["classes"])
    model.feature_name_ = content["feature_names"]
    model.n_features_in_ = len(model.feature_name_)
    model.categories_ = content["categories"]
    model.booster_ = lgb.Booster(model_str=booster_text.decode())
    return model, content["about"]


def _as_json_holds(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with text keys, lists and plain numbers, so that it is the same before saving and after."""
    saved: dict[str, Any] = json.loads(json.dumps(content, default=_plain_number))
    return saved


def _plain_number(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    msg = f"{type(value).__name__} cannot be saved with a model; use text, numbers, lists and mappings."
    raise TypeError(msg)


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Expected the folder of a saved model; train one first."
        raise InputError(msg) from None


def _changed(path: Path) -> InputError:
    return InputError(
        f"{path}: its checksum is not the one that was saved with the model, so it has changed since. "
        "Copy the folder again from where it was trained, or train again."
    )
