"""Training that is broken off, wherever it is, leaves the folder as it was, and nothing in any store."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import LIST_DATE, contents, environment, run_here

# `vi-risk train` whose n-th call of a step goes on until it is interrupted; the step itself is the real one.
TRAINS = """
import sys
import lightgbm as lgb
from vi_risk.cli import main
from vi_risk.models.learning import calibrators

step, number = sys.argv.pop(1), int(sys.argv.pop(1))
owner, name = {"trees": (lgb, "train"), "calibration": (calibrators, "logistic_line")}[step]
real, calls = getattr(owner, name), []


def goes_on(*arguments, **settings):
    calls.append(None)
    if len(calls) < number:
        return real(*arguments, **settings)
    print("under way", file=sys.stderr, flush=True)
    while True:
        real(*arguments, **(settings | {"num_boost_round": 10_000} if step == "trees" else settings))


setattr(owner, name, goes_on)
main()
"""


@pytest.fixture(scope="module")
def place(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose output folder has features and a model already."""
    cwd = tmp_path_factory.mktemp("training")
    shutil.copy(small_model, cwd / "small.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        build = ("features", "build", "--records", trust, "--model", "small.toml", "--index-date", LIST_DATE)
        for arguments in (build, ("train",)):
            result = run_here(*arguments)
            assert result.exit_code == 0, result.stderr
    return cwd


# The small model has one booster, two of its folds and, after the calibration, its refits.
@pytest.mark.parametrize(
    ("step", "number"),
    [("trees", 1), ("trees", 3), ("calibration", 1), ("trees", 5)],
    ids=["the booster", "the folds", "the calibration", "the refits"],
)
def test_training_that_is_interrupted_leaves_the_old_model_and_nothing_beside_it(
    place: Path, step: str, number: int
) -> None:
    before, stamp = contents(place), (place / "out").stat().st_ino
    command = [sys.executable, "-c", TRAINS, step, str(number), "train"]

    process = subprocess.Popen(command, cwd=place, env=environment(), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if line.startswith("under way"):
            break
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)

    assert process.returncode == 130, "".join(told) + rest
    assert rest.strip().endswith("vi-risk: interrupted; the output folder is as it was before.")
    assert "Traceback" not in rest
    assert contents(place) == before
    assert (place / "out").stat().st_ino == stamp
