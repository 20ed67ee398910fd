"""Whoever can write to the store plants code beside a registered model: scoring with that model never runs it."""

import hashlib
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.registry.conftest import NOISE, MakeOut
from vi_risk.errors import InputError
from vi_risk.models.learning import bundle
from vi_risk.registry.keeping import keep_model
from vi_risk.registry.model_choice import choose_model

LOADS = "import sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); mlflow.pyfunc.load_model('models:/planted/1')"


class Marker:
    """An object whose unpickling makes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return Path.touch, (self.place,)


def logged(checksum: str, uri: str) -> list[Path]:
    """Return the folders in the store in which MLflow logged a model of that content: one for each run of it."""
    there = Path(uri.removeprefix("sqlite:///")).parent.rglob("model.json")
    return [file.parents[2] for file in there if hashlib.sha256(file.read_bytes()).hexdigest() == checksum]


@pytest.fixture
def marker(make_out: MakeOut, tracking_uri: str, tmp_path: Path) -> Path:
    """Register a model, plant code in every place of its logged folder; return the file that the code would make."""
    version = keep_model(make_out("planted"), tracking_uri=tracking_uri).version
    marker = tmp_path / "planted code ran"
    planted = f"from pathlib import Path\nPath({str(marker)!r}).touch()\n"
    for folder in logged(version.tags["checksum"], tracking_uri):
        for code in folder.glob("*.py"):
            code.write_text(planted)
        (folder / "code").mkdir(exist_ok=True)
        (folder / "code" / "vi_risk_planted.py").write_text(planted)
        for name in ("python_model.pkl", "model.pkl", "artifacts/model.pkl"):
            (folder / name).write_bytes(pickle.dumps(Marker(marker)))
        described = folder / "MLmodel"
        described.write_text(described.read_text().replace("code: null", "code: code"))
    return marker


def test_scoring_with_a_registered_model_runs_no_code_of_the_store(
    marker: Path, tracking_uri: str, make_out: MakeOut
) -> None:
    chosen = choose_model(make_out("planted", inputs=(NOISE,)), "1", tracking_uri=tracking_uri)
    model, _ = bundle.load_any(chosen.folder / "model")

    assert model.feature_name_
    assert chosen.version is not None
    assert not marker.exists()


def test_mlflows_own_loading_would_run_it(marker: Path, tracking_uri: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LOADS, tracking_uri], capture_output=True, check=False, cwd=tmp_path)

    assert marker.exists()


@pytest.mark.parametrize("name", ["model", "booster"])
def test_a_model_that_was_changed_in_the_store_is_refused(tracking_uri: str, make_out: MakeOut, name: str) -> None:
    version = keep_model(make_out(f"changed_{name}"), tracking_uri=tracking_uri).version
    (folder,) = logged(version.tags["checksum"], tracking_uri)
    (file,) = (folder / "artifacts" / "model").glob(f"{name}.*")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    folder = make_out(f"changed_{name}", inputs=(NOISE,))

    def model_to_score_with() -> None:
        bundle.load_any(choose_model(folder, "1", tracking_uri=tracking_uri).folder / "model")

    with pytest.raises(InputError, match=r"is not the one that was registered|its checksum is not the one"):
        model_to_score_with()
