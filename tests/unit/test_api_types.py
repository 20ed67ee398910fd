"""A script under `mypy --strict` that annotates with the names of the library: no error, and nothing that is Any."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import vi_risk

_SCRIPT = '''"""What a user writes, with every value annotated by a name of the library."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import vi_risk
from vi_risk import CaseList, CaseListRules, Evaluation, Model, ModelSpec, Records, Snapshots, ViRiskError, types

today = date(2025, 4, 2)


def scored(folder: Path) -> tuple[Model, pd.DataFrame]:
    records: Records = vi_risk.read_records(folder, governance="governance.toml", today=today)
    spec: ModelSpec = vi_risk.load_spec("emergency_admission_12m")
    snapshots: Snapshots = vi_risk.build_features(records, spec, index_date=date(2025, 4, 1))
    model: Model = vi_risk.train(snapshots, spec)
    scores: pd.DataFrame = vi_risk.score(model, snapshots)
    evaluation = vi_risk.evaluate(model, snapshots, capacity=20)
    if isinstance(evaluation, Evaluation):
        auroc: float | None = evaluation.model.auroc
        print(auroc)
    listed: pd.DataFrame = vi_risk.choose(scores, snapshots)
    reasons: pd.DataFrame = vi_risk.explain(model, snapshots, listed["patient_id"].tolist())
    rules: CaseListRules = vi_risk.load_rules()
    lists: list[CaseList] = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, rules=rules)
    written: Sequence[Path] = vi_risk.write_packs(lists, "case_lists")
    print(len(written))
    return model, scores


def features(records: vi_risk.Records, people: pd.DataFrame) -> pd.DataFrame:
    catalogue: vi_risk.Catalogue = vi_risk.read_catalogue().only("age")
    return vi_risk.compute_features(records, people, catalogue=catalogue)


def own_matrix(table: pd.DataFrame, outcome: "pd.Series[int]") -> Evaluation:
    model: vi_risk.RiskClassifier = vi_risk.RiskClassifier(n_estimators=10).fit(table, outcome)
    risk = model.predict_proba(table)[:, 1]
    contributions: pd.DataFrame = model.contributions(table)
    print(contributions.shape)
    checksum: str = vi_risk.save_model(model, "model")
    again, about = vi_risk.load_model("model")
    print(checksum, again.predict_raw(table).mean(), len(about))
    return vi_risk.evaluate_risks(risk, outcome)


def drawn(evaluation: Evaluation) -> tuple[types.DecisionCurve, dict[str, types.Found]]:
    performance: types.Performance = evaluation.model
    return evaluation.decision_curve, dict(performance.at)


def trust(folder: Path) -> vi_risk.MappingReport:
    effects, flaws = vi_risk.Effects(review=0.8), vi_risk.Flaws(missing=0.02)
    vi_risk.write_trust(folder, patients=500, effects=effects, flaws=flaws)
    workspace: types.Workspace = types.Workspace(memory_mb=500)
    records = vi_risk.read_records(folder, workspace=workspace)
    pathways: pd.DataFrame = vi_risk.admission_pathways(records, index_date=today)
    print(len(pathways), len(vi_risk.data_dictionary()))
    return vi_risk.check_mapping(folder, None)


def own_scores(scores: pd.DataFrame) -> list[vi_risk.CaseList]:
    try:
        return vi_risk.lists_from_scores(scores, list_date=today, title="Ours", outcome="a fall")
    except ViRiskError as error:
        code: int = error.exit_code
        raise SystemExit(code) from error
'''

# A name that is not there, and a call that cannot be, must not pass: a module whose names load late can hide both.
_WRONG = """
import vi_risk

vi_risk.predict
vi_risk.train(1, 2)
vi_risk.load_spec().horizon
"""


def _mypy(folder: Path, script: str) -> tuple[int, str]:
    (folder / "script.py").write_text(script)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder.parent / "mypy"), "script.py"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.slow
def test_a_script_of_a_user_is_typed_throughout(tmp_path: Path) -> None:
    assert _mypy(tmp_path, _SCRIPT) == (0, "Success: no issues found in 1 source file\n")


@pytest.mark.slow
def test_what_is_wrong_in_a_script_is_found(tmp_path: Path) -> None:
    code, told = _mypy(tmp_path, _WRONG)

    assert code == 1
    assert re.findall(r"script\.py:(\d+): error: .*\[([\w-]+)\]", told) == [
        ("4", "attr-defined"),
        ("5", "arg-type"),
        ("5", "arg-type"),
        ("6", "attr-defined"),
    ]


@pytest.mark.slow
def test_no_public_name_is_any_and_none_of_what_a_verb_gives(tmp_path: Path) -> None:
    lines = [f"reveal_type(vi_risk.{name})" for name in vi_risk.__all__]

    code, told = _mypy(tmp_path, "\n".join(["import vi_risk", *lines, ""]))
    revealed = re.findall(r'script\.py:\d+: note: Revealed type is "(.*)"', told)

    assert code == 0
    assert len(revealed) == len(vi_risk.__all__)
    assert [one for one in revealed if one == "Any"] == []
    given = {name: one.rpartition("-> ")[2] for name, one in zip(vi_risk.__all__, revealed, strict=True)}
    # What was saved beside a model is whatever JSON holds.
    assert {name for name, one in given.items() if name.islower() and "Any" in one} == {"load_model"}
