"""A new store gets its name when it is whole, and the first one to get it stays."""

import warnings
from pathlib import Path
from typing import Any

import pytest

from vi_risk.tracking.new_store import make_sqlite_store


class BuiltAtOnce:
    """MLflow's store without the seconds that it takes to build one."""

    def __init__(self, uri: str, artifacts: str) -> None:
        self.engine = self
        Path(uri.removeprefix("sqlite:///")).write_text(f"built for {artifacts}")

    def dispose(self) -> None: ...


@pytest.fixture(scope="module")
def mlflows() -> Any:
    """MLflow's module of stores, which warns of its own when it is loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.store.tracking import sqlalchemy_store
    return sqlalchemy_store


@pytest.fixture(autouse=True)
def _fast(mlflows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflows, "SqlAlchemyStore", BuiltAtOnce)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_store_is_made_with_its_folder_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    make_sqlite_store(tmp_path / "mlruns" / "mlflow.db", artifacts="file:///kept")
    assert names(tmp_path / "mlruns") == ["mlflow.db"]
    assert (tmp_path / "mlruns" / "mlflow.db").read_text() == "built for file:///kept"


def test_a_store_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("with runs")
    make_sqlite_store(tmp_path / "mlflow.db", artifacts="file:///kept")
    assert (tmp_path / "mlflow.db").read_text() == "with runs"


def test_a_store_that_another_process_made_meanwhile_is_left_as_it_is(
    tmp_path: Path, mlflows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slower(BuiltAtOnce):
        def __init__(self, uri: str, artifacts: str) -> None:
            super().__init__(uri, artifacts)
            (tmp_path / "mlflow.db").write_text("with runs")

    monkeypatch.setattr(mlflows, "SqlAlchemyStore", Slower)
    make_sqlite_store(tmp_path / "mlflow.db", artifacts="file:///kept")
    assert (tmp_path / "mlflow.db").read_text() == "with runs"
    assert names(tmp_path) == ["mlflow.db"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_building_that_does_not_come_to_its_end_leaves_nothing(
    tmp_path: Path, mlflows: Any, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    class Broken(BuiltAtOnce):
        def __init__(self, uri: str, artifacts: str) -> None:
            super().__init__(uri, artifacts)
            raise fault

    monkeypatch.setattr(mlflows, "SqlAlchemyStore", Broken)
    with pytest.raises(type(fault)):
        make_sqlite_store(tmp_path / "mlflow.db", artifacts="file:///kept")
    assert names(tmp_path) == []


def test_where_a_file_cannot_have_two_names_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    make_sqlite_store(tmp_path / "mlflow.db", artifacts="file:///kept")
    assert names(tmp_path) == ["mlflow.db"]
