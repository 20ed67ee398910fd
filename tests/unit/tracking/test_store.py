"""The store is checked before a long run starts, by its URI and its folder alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vi_risk.errors import ResourceError, UsageError
from vi_risk.tracking import DEFAULT_TRACKING_URI, check_store
from vi_risk.tracking.store import artifact_location, shown, sqlite_file


@pytest.mark.parametrize(
    "uri",
    [
        DEFAULT_TRACKING_URI,
        "sqlite:////var/lib/trust/mlflow.db?timeout=30",
        "postgresql+psycopg2://user:word@db.trust.example/mlflow",
        "mssql+pyodbc://db.trust.example/mlflow",
        "https://mlflow.trust.example",
        "databricks",
        "databricks://profile",
    ],
)
def test_a_store_that_mlflow_can_open_is_accepted(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_store(uri)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "uri", ["", "mlruns", "./mlruns", "file:///mlruns", "sqlite://", "sqlite:///:memory:", "https:x"]
)
def test_any_other_store_is_a_usage_error_that_names_the_expected_ones(uri: str) -> None:
    with pytest.raises(UsageError, match=r"--tracking-uri: .*Expected sqlite:///mlruns/mlflow\.db"):
        check_store(uri)


def test_a_password_in_an_unknown_uri_is_not_shown() -> None:
    with pytest.raises(UsageError) as told:
        check_store("oracle://matron:secret@db.trust.example/mlflow")
    assert "secret" not in str(told.value)
    assert "oracle://db.trust.example/mlflow" in str(told.value)


def test_a_password_that_holds_an_at_sign_or_a_slash_is_not_shown() -> None:
    assert shown("mysql://matron:se@cr@db.trust.example/mlflow") == "mysql://db.trust.example/mlflow"
    assert "cret" not in shown("mysql://matron:se/cret@db.trust.example/mlflow")


def test_a_store_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("a file")
    with pytest.raises(ResourceError, match="expected a folder that can be written"):
        check_store(f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")


def test_a_file_that_is_not_a_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    letter = tmp_path / "letter.db"
    letter.write_text("Dear colleague, thank you for referring")
    with pytest.raises(ResourceError, match="expected an SQLite file, found something else"):
        check_store(f"sqlite:///{letter}")
    assert letter.read_text().startswith("Dear colleague")


def test_a_folder_in_the_place_of_the_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="expected an SQLite file"):
        check_store(f"sqlite:///{tmp_path}")


def test_a_folder_without_the_right_to_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, whom no mode keeps from writing.
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)
    with pytest.raises(ResourceError, match="expected a folder that can be written"):
        check_store(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_files_of_runs_go_beside_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert sqlite_file(DEFAULT_TRACKING_URI) == tmp_path / "mlruns" / "mlflow.db"
    assert artifact_location(DEFAULT_TRACKING_URI) == (tmp_path / "mlruns" / "artifacts").as_uri()
    assert artifact_location("postgresql://db/mlflow") == (tmp_path / "mlruns" / "artifacts").as_uri()


def test_a_server_decides_where_its_files_go() -> None:
    assert artifact_location("https://mlflow.trust.example") is None


def test_checking_a_store_does_not_load_mlflow() -> None:
    program = "import sys; from vi_risk.tracking import check_store, TrackedRun; check_store('sqlite:///a.db'); "
    program += "sys.exit('mlflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
