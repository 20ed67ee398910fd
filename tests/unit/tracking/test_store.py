"""The store is checked before a long run starts, by its URI and what lies where that points."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vi_risk.errors import ResourceError, UsageError
from vi_risk.tracking import DEFAULT_TRACKING_URI, check_store
from vi_risk.tracking.opening import opened
from vi_risk.tracking.store import artifact_location, check_place, shown, sqlite_file


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
    check_place(uri)
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
    with pytest.raises(ResourceError, match=r"found a folder\. Name a file in it: sqlite:///\S+/mlflow\.db"):
        check_store(f"sqlite:///{tmp_path}")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="asks Linux, where nobody can make a file in /proc")
@pytest.mark.parametrize("uri", ["sqlite:////proc/mlflow.db", "sqlite:////proc/self/deeper/still/mlflow.db"])
def test_a_folder_where_nothing_can_be_written_is_refused_whatever_its_mode_says(uri: str) -> None:
    with pytest.raises(ResourceError, match=r"expected a folder that can be written, found that /proc\S* is not \("):
        check_store(uri)


@pytest.mark.parametrize("place", ["", "artifacts"])
def test_a_folder_without_the_right_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "artifacts").mkdir()
    real, refused = tempfile.TemporaryFile, tmp_path / place

    def guarded(**settings: Any) -> Any:  # the tests may run as root, whom no mode keeps from writing
        if settings["dir"] == refused:
            raise PermissionError(13, "Permission denied")
        return real(**settings)

    monkeypatch.setattr(tempfile, "TemporaryFile", guarded)
    with pytest.raises(ResourceError, match=rf"found that {refused} is not \(Permission denied\)"):
        check_store(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_file_in_the_place_of_the_folder_for_files_of_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("a file")
    with pytest.raises(ResourceError, match=r"found that \S*/artifacts is a file"):
        check_store(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_disk_that_is_as_good_as_full_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=49_999_999))
    with pytest.raises(ResourceError, match=r"expected 50 MB of free space in \S+, found 49\. Free space there"):
        check_store(f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "waiting_list.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE waiting (patient_id TEXT)")
    before = other.read_bytes()
    with pytest.raises(ResourceError, match="expected an SQLite file that MLflow keeps its runs in, found something"):
        check_store(f"sqlite:///{other}")
    assert other.read_bytes() == before


def test_a_store_of_the_installed_mlflow_is_accepted_and_one_of_another_version_is_told(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    with opened(f"sqlite:///{store}"):
        pass  # which makes it
    check_store(f"sqlite:///{store}")
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'cafe'")
    with pytest.raises(ResourceError, match=r"found one that another version wrote.*mlflow db upgrade sqlite:///"):
        check_store(f"sqlite:///{store}")


def test_an_empty_file_is_accepted_and_a_damaged_database_is_told(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    store.touch()
    check_store(f"sqlite:///{store}")
    store.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 16)
    with pytest.raises(ResourceError, match="the SQLite file is damaged"):
        check_store(f"sqlite:///{store}")


def test_a_server_that_is_not_there_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ResourceError, match=r"the run could not be kept there"):
        check_store("http://127.0.0.1:9")


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
