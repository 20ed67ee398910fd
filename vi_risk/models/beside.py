"""The models that stand beside the main one, on disk: each a bundle of its own, all sealed by the main one's.

A companion (death, an earlier horizon, expected numbers) is a whole model, so that its own seal would hold as well in
another's place. The main model is therefore saved last, with the checksum of each companion in what is said about it:
who knows that the main model is the one that was registered knows it of all of them.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from vi_risk.errors import InputError
from vi_risk.models.learning import bundle
from vi_risk.models.on_snapshots import Model

SEALED = "companions"  # in what is said about the main model: name -> checksum
_FOLDER = "companions"
_NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a spec; no other leads out of the folder


def companion_folder(model_folder: Path, name: str) -> Path:
    """Return where beside a model in `model_folder` a companion is kept."""
    return model_folder / _FOLDER / name


def sealed_companions(model_folder: Path) -> Mapping[str, str] | None:
    """Return name -> checksum of the companions that a model was saved with; None of one that says nothing of them.

    Raises
    ------
    InputError
        The model's description is missing or has changed since it was saved, or names no companions in their place.
    """
    found: object = bundle.about_of(model_folder).get(SEALED)
    if found is None:
        return None
    if not isinstance(found, dict) or not all(_NAME.fullmatch(name) for name in found):
        msg = (
            f"{model_folder / bundle.MODEL_FILE}: expected the names of companions with their checksums, found"
            " something else. Copy the whole model folder again from where it was trained, or train again."
        )
        raise InputError(msg)
    return found


def load_companions(model_folder: Path) -> dict[str, Model]:
    """Return the companions of a saved model by name, each the one that was trained with it.

    Raises
    ------
    InputError
        A companion is missing or damaged, or is another than the one that the model was saved with.
    """
    found = {}
    for name, sealed in (sealed_companions(model_folder) or {}).items():
        folder = companion_folder(model_folder, name)
        model, _ = bundle.load_any(folder)
        if bundle.checksum_of(folder) != sealed:
            where = folder.relative_to(model_folder.parent)
            msg = (
                f"{where}: expected the model of {name} that was trained with the one it stands beside, found another."
                " Copy the whole model folder again from where it was trained, or train again."
            )
            raise InputError(msg)
        found[name] = model
    return found
