"""Features kept by content: the same values as without a cache, and a query only for what is not there yet."""

import errno
import stat
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from vi_risk.errors import ResourceError, UsageError
from vi_risk.features import cache as kept
from vi_risk.features.cache import FeatureCache, check_cache
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition
from vi_risk.features.engine import compute_features
from vi_risk.features.rows import Asked
from vi_risk.features.sources import SOURCES, tables_behind
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

FIRST, SECOND = date(2024, 1, 1), date(2025, 1, 1)


def definition(name: str, table: str, measure: str = "count", **more: Any) -> Definition:
    common = {"name": name, "domain": "acute use", "title": name, "table": table, "measure": measure, "reason": "{n}"}
    return Definition.model_validate({**common, **more})


STAYS = definition("stays", "spells", windows=[90, 365])
AGE = definition("age", "patients", "age")
HEART = definition("heart", "diagnoses", "any", codes="heart", windows=[365])
CODES = {"heart": CodeList("heart", (CodeEntry("icd10", "I50", "heart"),), {"heart": "heart failure"})}
CATALOGUE = Catalogue((STAYS, AGE, HEART), CODES)
MORE = definition("visits", "ed_attendances", windows=[365])


def records_of(make_records: Any, **more: list[Mapping[str, Any]]) -> Records:
    spells = [
        {"patient_id": "b", "admitted_on": date(2023, 12, 1), "discharged_on": date(2023, 12, 9)},
        {"patient_id": "a", "admitted_on": date(2024, 11, 1), "discharged_on": date(2024, 11, 2)},
    ]
    tables: dict[str, Any] = {
        "patients": [{"patient_id": "a"}, {"patient_id": "b"}],
        "spells": spells,
        "diagnoses": [{"spell_id": "spells-0", "position": 1, "code": "I50.1"}],
        "ed_attendances": [{"patient_id": "a", "arrived_at": pd.Timestamp("2024-10-01 10:00")}],
    }
    found: Records = make_records(**tables | more)
    return found


@pytest.fixture
def records(make_records: Any) -> Records:
    return records_of(make_records)


@pytest.fixture
def cohort() -> pd.DataFrame:
    """Two people at two dates, not in order."""
    rows = [("b", SECOND), ("a", FIRST), ("a", SECOND), ("b", FIRST)]
    return pd.DataFrame(rows, columns=["patient_id", "index_date"]).assign(gp_seen_from=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    check_cache(tmp_path / "cache", out=tmp_path / "out")
    return tmp_path / "cache"


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], list[date]]]:
    """What was asked of the engine: the definitions and the index dates of each query."""
    asked = []

    def spied(records: Records, cohort: pd.DataFrame, catalogue: Catalogue, **more: Any) -> pd.DataFrame:
        asked.append(([d.name for d in catalogue.definitions], sorted(set(cohort["index_date"]))))
        return compute_features(records, cohort, catalogue, **more)

    monkeypatch.setattr(kept, "compute_features", spied)
    return asked


def compute(
    folder: Path, records: Records, cohort: pd.DataFrame, catalogue: Catalogue = CATALOGUE, **windows: int | None
) -> pd.DataFrame:
    """Compute with the cache as a run would, and hold it against the engine alone."""
    found = FeatureCache(folder).compute(
        records, cohort, catalogue, windows=windows, fingerprints=records.fingerprints()
    )
    pd.testing.assert_frame_equal(found, compute_features(records, cohort, catalogue, windows=windows))
    return found


def test_a_second_run_asks_nothing_of_the_engine(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    first = compute(folder, records, cohort)
    assert queries == [(["stays", "age", "heart"], [FIRST, SECOND])]
    again = compute(folder, records, cohort)
    assert len(queries) == 1
    pd.testing.assert_frame_equal(first, again)
    assert again.set_index(["patient_id", "index_date"]).loc[("b", FIRST), "heart_365d"] == 1


def test_one_definition_more_is_one_query_of_that_definition_alone(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    compute(folder, records, cohort)
    compute(folder, records, cohort, CATALOGUE.with_definitions(MORE))
    assert queries[1:] == [(["visits"], [FIRST, SECOND])]


def test_one_index_date_more_is_one_query_of_that_date_alone(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    compute(folder, records, cohort[cohort["index_date"] == FIRST])
    compute(folder, records, cohort)
    assert queries[1:] == [(["stays", "age", "heart"], [SECOND])]


def test_what_was_found_and_what_was_computed_is_counted(folder: Path, records: Records, cohort: pd.DataFrame) -> None:
    compute(folder, records, cohort)
    cache = FeatureCache(folder)
    more = CATALOGUE.with_definitions(MORE)
    cache.compute(records, cohort, more, windows={}, fingerprints=records.fingerprints())
    assert (cache.found, cache.computed) == (6, 2)


def test_a_changed_window_value_or_code_is_computed_again_and_words_are_not(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    compute(folder, records, cohort)
    compute(folder, records, cohort, stays_365d=300)
    worded = STAYS.model_copy(update={"title": "Stays in hospital", "reason": "{n} stays"})
    compute(folder, records, cohort, replace(CATALOGUE, definitions=(worded, AGE, HEART)))
    weaker = {"heart": CodeList("heart", (CodeEntry("icd10", "I51", "heart"),), {"heart": "heart failure"})}
    compute(folder, records, cohort, replace(CATALOGUE, codelists=weaker))
    assert [names for names, _ in queries] == [["stays", "age", "heart"], ["stays"], ["heart"]]


def test_a_changed_table_is_computed_again_where_a_source_reads_it(
    folder: Path, make_records: Any, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    catalogue = CATALOGUE.with_definitions(MORE)
    compute(folder, records, cohort, catalogue)
    one_more = [{"patient_id": "b", "admitted_on": date(2024, 12, 1), "discharged_on": date(2024, 12, 2)}]
    compute(folder, records_of(make_records, spells=one_more), cohort, catalogue)
    assert [names for names, _ in queries[1:]] == [["stays", "heart"]]


def test_other_people_or_another_day_from_which_they_are_seen_is_computed_again(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any]
) -> None:
    compute(folder, records, cohort)
    compute(folder, records, cohort[cohort["patient_id"] == "a"])
    compute(folder, records, cohort.assign(gp_seen_from=date(2020, 1, 1)))
    compute(folder, records, cohort.sample(frac=1, random_state=1))
    assert len(queries) == 3


def test_another_version_of_the_code_takes_nothing_of_this_one(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute(folder, records, cohort)
    monkeypatch.setattr(kept, "_code", lambda: "another")
    compute(folder, records, cohort)
    assert len(queries) == 2


class Noted(dict[str, Any]):
    """Tables that note which of them were taken."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        super().__init__(tables)
        self.taken: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.taken.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("source", [name for name, table in SOURCES.items() if table.event is not None])
def test_the_tables_behind_a_source_are_those_that_it_takes(make_records: Any, source: str) -> None:
    tables = Noted(make_records(**{name: [] for name in TABLES}).tables)
    row = {"row": [0], "patient_id": ["a"], "index_date": [FIRST], "gp_seen_from": [FIRST]}
    Asked(tables, ibis.memtable(pa.table(row)), (FIRST,)).visible(source, 365)
    assert tables.taken == set(tables_behind(source))


# --- on disk ----------------------------------------------------------------------------------------------------------


def test_entries_are_their_owners_alone_and_hold_no_name_of_anyone(
    folder: Path, make_records: Any, cohort: pd.DataFrame
) -> None:
    people = [{"patient_id": "zebra-1"}, {"patient_id": "zebra-2"}]
    cohort = cohort.assign(patient_id=cohort["patient_id"].map({"a": "zebra-1", "b": "zebra-2"}))
    compute(folder, records_of(make_records, patients=people), cohort)
    entries = list(folder.iterdir())
    assert len(entries) == 6
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in entries} == {0o600}
    assert not any(b"zebra" in entry.name.encode() + entry.read_bytes() for entry in entries)


@pytest.mark.parametrize("spoil", [lambda old: old[:0], lambda old: old[:-3], lambda old: old[:40] + b"x" + old[41:]])
def test_a_damaged_entry_is_computed_and_written_again(
    folder: Path, records: Records, cohort: pd.DataFrame, queries: list[Any], spoil: Any
) -> None:
    compute(folder, records, cohort)
    before = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    spoiled = sorted(folder.iterdir())[2]
    spoiled.write_bytes(spoil(spoiled.read_bytes()))
    compute(folder, records, cohort)
    assert [len(names) * len(dates) for names, dates in queries[1:]] == [1]
    assert {entry.name: entry.read_bytes() for entry in folder.iterdir()} == before


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(UsageError, match="others can read it, and it is to hold values of patients"):
        check_cache(tmp_path / "open", out=tmp_path / "out")


def test_a_file_and_a_folder_within_the_output_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        check_cache(tmp_path / "file", out=tmp_path / "out")
    with pytest.raises(UsageError, match="lies in the output folder, which is replaced"):
        check_cache(tmp_path / "out" / "cache", out=tmp_path / "out")
    with pytest.raises(ResourceError, match="cannot be written"):
        check_cache(tmp_path / "file" / "cache", out=tmp_path / "out")


def test_no_folder_is_no_cache(tmp_path: Path) -> None:
    check_cache(None, out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_goes_in_the_midst_of_it_is_told(tmp_path: Path, records: Records, cohort: pd.DataFrame) -> None:
    cache = FeatureCache(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ResourceError, match=r"--cache .* cannot be written"):
        cache.compute(records, cohort, CATALOGUE, windows={}, fingerprints=records.fingerprints())


def test_a_cache_made_in_python_is_private_too(tmp_path: Path) -> None:
    assert stat.S_IMODE(FeatureCache(tmp_path / "new").folder.stat().st_mode) == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(UsageError, match="others can read it"):
        FeatureCache(tmp_path / "open")


def test_a_folder_that_one_may_not_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    monkeypatch.setattr("os.access", lambda *_: False)  # the tests may run as one who may write anywhere
    with pytest.raises(ResourceError, match="theirs: you may not write to it"):
        check_cache(tmp_path / "theirs", out=tmp_path / "out")


def test_an_entry_that_cannot_be_put_in_its_place_leaves_nothing_behind(
    folder: Path, records: Records, cohort: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ResourceError, match=r"cannot be written \(No space left on device\)"):
        compute(folder, records, cohort)
    assert list(folder.iterdir()) == []
