"""Processes that track to one store at the same time do not break each other."""

import subprocess
import sys
from pathlib import Path

import mlflow
import pytest

from vi_risk.tracking import versions_of
from vi_risk.tracking.quiet import quiet_mlflow

PROCESSES = 4

PROGRAM = """
import sys
from pathlib import Path
import pandas as pd
from vi_risk.tracking import TrackedRun, track_and_register

folder, number, content = sys.argv[1:]
run = TrackedRun(
    experiment="emergency_admission", run_name=number, model_folder=Path(folder) / "model",
    parameters={f"parameter_{n}": n for n in range(150)}, metrics={f"metric_{n}": float(n) for n in range(150)},
    files={"card": (Path(folder) / "model_card.html",)},
    input_example=pd.DataFrame({"age": [0.0, 1.0]}), output_example=pd.DataFrame({"risk": [0.1, 0.2]}),
)
track_and_register(run, name="at_once", checksum=content, tags={}, tracking_uri="sqlite:///mlruns/mlflow.db")
"""


@pytest.mark.slow
@pytest.mark.parametrize("same", [False, True], ids=["four contents", "one content"])
def test_four_processes_on_one_new_store_all_finish(model_folder: Path, tmp_path: Path, same: bool) -> None:
    (tmp_path / "model").symlink_to(model_folder)
    (tmp_path / "model_card.html").write_text("<h1>Model card</h1>")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    started = [
        subprocess.Popen(
            [*command, str(number), "same" if same else str(number)], cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        for number in range(PROCESSES)
    ]
    told = [process.communicate(timeout=300)[1] for process in started]

    assert [process.returncode for process in started] == [0] * PROCESSES, told
    uri = f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"
    with quiet_mlflow(uri):
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name("emergency_admission")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * PROCESSES
    assert {len(run.data.params) for run in runs} == {150}
    assert {len(run.data.metrics) for run in runs} == {150}
    assert len(versions_of("at_once", tracking_uri=uri)) == (1 if same else PROCESSES)
