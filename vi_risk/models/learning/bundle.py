"""A model on disk: LightGBM's own text and one JSON file, each with its checksum.

There is no pickle, so loading runs nothing. `booster.txt` and the refits are written first and `model.json`, which
seals them, last: an interrupted save is refused by `load`, and so is a byte that changed afterwards, in any file.

The seal tells damage, not an impostor: whoever writes both files can seal them. That a model is the one that was
registered, or the one that was trained with another, is told by the checksum of its `model.json`, which the registry
keeps, or the other model (`vi_risk.models.beside`).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lightgbm as lgb
import numpy as np
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError, ResourceError
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor, LogMeanCalibrator
from vi_risk.models.learning.recalibration import calibrator_of
from vi_risk.models.learning.uncertainty import Refits
from vi_risk.running.files import remove

BOOSTER_FILE = "booster.txt"
MODEL_FILE = "model.json"
REFITS_FOLDER = "refits"
_FORMAT = 2
_REFIT = re.compile(rf"{REFITS_FOLDER}/\d{{3,}}\.txt")


def save(
    model: RiskClassifier | CountRegressor,
    folder: str | Path,
    *,
    about: Mapping[str, Any] = MappingProxyType({}),
    refits: Refits | None = None,
) -> str:
    """Write a fitted model to `folder`, made if need be, and return its checksum (`checksum_of`).

    The same model and `about` give the same bytes.

    Parameters
    ----------
    model
        A fitted model.
    folder
        Receives booster.txt, model.json and, with refits, refits/000.txt and so on.
    about
        What else belongs to the model (its spec, fingerprints, the version it was recalibrated from): anything that
        JSON holds; nothing unless given.
    refits
        The model's refits, to be read again by `load_refits`.

    Returns
    -------
    str
        64 hexadecimal digits: SHA-256 of model.json, which holds the checksums of the other files.

    Raises
    ------
    ResourceError
        The folder cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     checksum = vi_risk.save_model(model, folder, about={"trained_for": "an example"})
    ...     again, about = vi_risk.load_model(folder)
    >>> len(checksum), about, again.feature_name_ == model.feature_name_
    (64, {'trained_for': 'an example'}, True)
    """
    folder = Path(folder)
    check_is_fitted(model, "booster_")
    texts = {BOOSTER_FILE: model.booster_.model_to_string().encode()}
    for number, booster in enumerate(refits.boosters if refits else ()):
        texts[f"{REFITS_FOLDER}/{number:03d}.txt"] = booster.model_to_string().encode()
    content = _as_json_holds(
        {
            "format": _FORMAT,
            "estimator": type(model).__name__,
            "parameters": model.get_params(),
            "calibrator": model.calibrator_.to_dict(),
            "raw_sd": model.raw_sd_,
            "refits_scale": refits.scale if refits else None,
            "classes": model.classes_.tolist() if isinstance(model, RiskClassifier) else None,
            "feature_names": model.feature_name_,
            "categories": model.categories_,
            "about": dict(about),
            "files": {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()},
        }
    )
    description = _written({**content, "sha256": _seal(content)})
    try:
        remove(folder / REFITS_FOLDER)  # of a model that lay there before
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text)
        (folder / MODEL_FILE).write_bytes(description)
    except OSError as error:
        msg = f"{folder}: the model cannot be written ({error.strerror}). Free space there or choose another folder."
        raise ResourceError(msg) from None
    return hashlib.sha256(description).hexdigest()


def checksum_of(folder: Path) -> str:
    """Return the SHA-256 of a saved model's description, which seals its files: by it a model is named.

    Raises
    ------
    InputError
        There is none.
    """
    return hashlib.sha256(_read(folder / MODEL_FILE)).hexdigest()


def about_of(folder: Path) -> dict[str, Any]:
    """Return what was said about a saved model, without the model itself.

    Raises
    ------
    InputError
        Its description is missing or has changed since it was saved.
    """
    said: dict[str, Any] = _description(folder).get("about") or {}
    return said


def load(folder: Path) -> tuple[RiskClassifier, dict[str, Any]]:
    """Return the model of a risk that `save` wrote, and what was said about it; it predicts exactly as it did then.

    Raises
    ------
    InputError
        As for `load_any`, or it holds a model of counts.
    """
    model, about = load_any(folder)
    if not isinstance(model, RiskClassifier):
        msg = f"{folder / MODEL_FILE}: expected a model of a risk, found one of counts. Name the folder of the other."
        raise InputError(msg)
    return model, about


def load_any(folder: str | Path) -> tuple[RiskClassifier | CountRegressor, dict[str, Any]]:
    """Return the model that `save` wrote, of a risk or of counts, and what was said about it.

    Nothing of the folder is run: the trees are LightGBM's text, the rest is JSON.

    Parameters
    ----------
    folder
        That of `save`, or the `model` of an output folder.

    Returns
    -------
    model
        Predicts exactly as it did when it was saved.
    about
        What `save` was given to keep with it.

    Raises
    ------
    InputError
        A file, of the refits too, is missing, has changed since it was saved or was not saved with the model; or it is
        not a saved model, or of another format.

    Examples
    --------
    >>> vi_risk.load_model("nowhere")
    Traceback (most recent call last):
    ...
    vi_risk.errors.InputError: nowhere/model.json: ...
    """
    folder = Path(folder)
    content, texts = _read_whole(folder)
    model: RiskClassifier | CountRegressor
    try:
        if content["estimator"] == RiskClassifier.__name__:
            model = RiskClassifier(**content["parameters"])
            model.calibrator_ = calibrator_of(content["calibrator"])
            model.classes_ = np.asarray(content["classes"])
        else:
            model = CountRegressor(**content["parameters"])
            model.calibrator_ = LogMeanCalibrator.from_dict(content["calibrator"])
        model.raw_sd_ = content["raw_sd"]
        model.feature_name_ = content["feature_names"]
        model.n_features_in_ = len(model.feature_name_)
        model.categories_ = content["categories"]
        model.booster_ = lgb.Booster(model_str=texts[BOOSTER_FILE])
        return model, content["about"]
    except (KeyError, TypeError, ValueError, AttributeError, lgb.basic.LightGBMError):
        raise _no_model(folder / MODEL_FILE) from None


def load_refits(folder: Path) -> Refits | None:
    """Return the refits that were saved with the model of a risk; None where there were none.

    Raises
    ------
    InputError
        As for `load`.
    """
    model, _ = load(folder)
    content, texts = _read_whole(folder)
    if content["refits_scale"] is None:
        return None
    names = sorted(name for name in texts if name != BOOSTER_FILE)
    return Refits(model, tuple(lgb.Booster(model_str=texts[name]) for name in names), content["refits_scale"])


def _read_whole(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the description of a saved model and the text of each of its files, all as they were saved."""
    content = _description(folder)
    files: dict[str, str] = content["files"]
    there = [path for place in (folder, folder / REFITS_FOLDER) for path in place.glob("[!.]*") if path.is_file()]
    if more := sorted({path.relative_to(folder).as_posix() for path in there} - {MODEL_FILE, *files}):
        msg = (
            f"{folder}: expected the files of a saved model alone, found {', '.join(more)}. Take away what does not"
            " belong to it, or copy its folder again."
        )
        raise InputError(msg)
    return content, {name: _unchanged(folder / name, checksum) for name, checksum in files.items()}


def _description(folder: Path) -> dict[str, Any]:
    where = folder / MODEL_FILE
    text = _read(where)
    try:
        sealed: dict[str, Any] = json.loads(text)
        content = {key: value for key, value in sealed.items() if key != "sha256"}
        seal, found_format = sealed["sha256"], content["format"]
        as_written = text == _written(sealed) and seal == _seal(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _no_model(where) from None
    if found_format != _FORMAT:
        msg = (
            f"{where}: expected format {_FORMAT}, found another. Load it with the version of vi_risk that saved it, or"
            " train the model again."
        )
        raise InputError(msg)
    if not as_written:
        raise _changed(where)
    files = content.get("files")
    if not isinstance(files, dict) or not all(name == BOOSTER_FILE or _REFIT.fullmatch(name) for name in files):
        raise _no_model(where)
    return content


def _unchanged(path: Path, checksum: str) -> str:
    text = _read(path)
    if hashlib.sha256(text).hexdigest() != checksum:
        raise _changed(path)
    return text.decode()


def _as_json_holds(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content with text keys, lists and plain numbers, so that it is the same before saving and after."""
    saved: dict[str, Any] = json.loads(json.dumps(content, default=_plain_number))
    return saved


def _plain_number(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    msg = f"{type(value).__name__} cannot be saved with a model; use text, numbers, lists and mappings."
    raise TypeError(msg)


def _written(sealed: Mapping[str, Any]) -> bytes:
    """Return the bytes of model.json, always the same for the same content."""
    return (json.dumps(sealed, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()


def _seal(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}). Expected the folder of a saved model; train one first."
        raise InputError(msg) from None


def _no_model(path: Path) -> InputError:
    return InputError(
        f"{path}: is not the description of a saved model. Train the model again, or copy its folder again."
    )


def _changed(path: Path) -> InputError:
    return InputError(
        f"{path}: its checksum is not the one that was saved with the model, so it has changed since. "
        "Copy the folder again from where it was trained, or train again."
    )
