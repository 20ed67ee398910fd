"""The tours in notebooks/: each is one text in two files, holds no output in git, and runs from top to bottom."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext  # type: ignore[import-untyped]
import pytest

import vi_risk
import vi_risk.types

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
TOURS = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))
PEOPLE = 2000
SECONDS_OF_A_CELL = 900  # on a machine that has other work; a cell takes a few

# Run by the kernel before all else: whoever looks for another machine is refused, and noted even if that is caught.
NO_NETWORK = """
import os, socket

def _is_here(address):
    if isinstance(address, (str, bytes)):
        return True
    return address[0] in ("127.0.0.1", "::1", "localhost") and address[1] != 9  # 9: the proxy that is none

def _guarded(name):
    original = getattr(socket.socket, name)
    def guarded(self, address):
        if not _is_here(address):
            _refuse(address)
        return original(self, address)
    return guarded

def _refuse(address):
    with open(os.environ["VI_RISK_REACHED"], "a", encoding="utf-8") as file:
        file.write(f"{address}\\n")
    raise OSError("a tour runs without a network")

_look_up = socket.getaddrinfo

def getaddrinfo(host, *others, **named):
    if host not in (None, "", "localhost", "127.0.0.1", "::1"):
        _refuse((host, *others))
    return _look_up(host, *others, **named)

socket.socket.connect, socket.socket.connect_ex = _guarded("connect"), _guarded("connect_ex")
socket.getaddrinfo = getaddrinfo
"""


def test_there_is_a_tour_of_each_part() -> None:
    assert [name[:2] for name in TOURS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("name", TOURS)
def test_the_two_files_of_a_tour_are_one_text(name: str) -> None:
    text = jupytext.read(FOLDER / f"{name}.py")
    notebook = jupytext.read(FOLDER / f"{name}.ipynb")

    assert [(cell.cell_type, cell.source) for cell in notebook.cells] == [
        (cell.cell_type, cell.source) for cell in text.cells
    ], "one of the two was changed alone: notebooks/README.md says how to bring the other along"


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_in_git_holds_no_output(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert not any(cell["outputs"] for cell in code)
    assert {cell["execution_count"] for cell in code} == {None}
    assert not any(cell["metadata"] for cell in notebook["cells"])
    assert {*notebook["metadata"]} <= {"kernelspec", "jupytext"}


@pytest.mark.parametrize("name", TOURS)
def test_a_tour_takes_nothing_of_the_library_that_is_not_public(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    taken_from = {
        f"{node.module}.{one.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for one in node.names
    }
    called = {
        f"vi_risk.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "vi_risk"
    }

    of_the_library = {one for one in imported | taken_from | called if one.split(".")[0] == "vi_risk"}
    public = {f"vi_risk.{one}" for one in vi_risk.__all__} | {f"vi_risk.types.{one}" for one in vi_risk.types.__all__}
    assert called
    assert of_the_library - public == {"vi_risk"}


@pytest.mark.parametrize("name", TOURS)
def test_what_a_tour_points_to_is_there(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)", text)

    assert linked
    assert [target for target in linked if not (FOLDER / target).exists()] == []


def test_the_readme_says_what_each_tour_answers() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert [name for name in TOURS if f"({name}.ipynb)" not in readme] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TOURS)
def test_a_tour_runs_from_top_to_bottom_offline(name: str, tmp_path: Path) -> None:
    alone, guard, reached = tmp_path / "alone", tmp_path / "guard", tmp_path / "reached.txt"
    alone.mkdir()
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    tour = shutil.copy(FOLDER / f"{name}.ipynb", alone)
    nowhere = (
        "http://127.0.0.1:9"  # a proxy that is none, also for what is not Python, such as the renderer of pictures
    )
    environment = {
        **os.environ,
        "VI_RISK_NOTEBOOK_PEOPLE": str(PEOPLE),
        "VI_RISK_REACHED": str(reached),
        "PYTHONPATH": os.pathsep.join(part for part in (str(guard), os.environ.get("PYTHONPATH", "")) if part),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "jupyter"),
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "OMP_WAIT_POLICY": "passive",  # threads that wait leave the cores to others
    }
    command = [sys.executable, "-c", "from nbclient.cli import main; main()"]  # jupyter execute
    ended = subprocess.run(
        [*command, "--inplace", f"--timeout={SECONDS_OF_A_CELL}", tour],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr[-4000:]
    cells = json.loads(Path(tour).read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert ["".join(output["text"]) for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert [path.name for path in alone.iterdir()] == [f"{name}.ipynb"], "a tour writes into its own temporary folder"
    assert not reached.exists(), f"reached for the network: {reached.read_text(encoding='utf-8')}"
