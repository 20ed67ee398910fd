import sys
from pathlib import Path

import pytest

from vi_risk.tracking.looking import how_to_look


def test_the_command_that_shows_the_runs_is_told() -> None:
    told = how_to_look("sqlite:///mlruns/mlflow.db", mlflow=Path(".venv/bin/mlflow"))

    assert told == ".venv/bin/mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db"


def test_where_the_pages_are_not_installed_the_store_is_told_and_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vi_risk.tracking.looking.find_spec", {"mlflow": True}.get)

    told = how_to_look("sqlite:///mlruns/mlflow.db", mlflow=Path("mlflow"))

    assert told == "sqlite:///mlruns/mlflow.db (to look at it: pip install 'vi-risk[ui]')"


def test_asking_loads_neither_mlflow_nor_its_server() -> None:
    before = {"mlflow", "flask"} & sys.modules.keys()

    how_to_look("sqlite:///mlruns/mlflow.db", mlflow=Path("mlflow"))

    assert {"mlflow", "flask"} & sys.modules.keys() == before
