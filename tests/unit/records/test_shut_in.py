"""Whatever SQL came through: once the sources are there, the engine opens their files and no other, and writes none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.linked import Workspace
from vi_risk.records.mapping import Mapping
from vi_risk.records.reading import open_sources, read_records
from vi_risk.records.sources import Sources

ZEBRA = "zebra-4127"  # what no mapping may come to see
OF_THE_SYSTEM = "/etc/hostname"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make records with signs of a pattern in their path, and beside the sources what is none."""
    place = tmp_path / "extract [1]*"
    (place / "stays").mkdir(parents=True)
    (place / "people.csv").write_text("patient_id,sex\np1,1\n")
    (place / "stays" / "it's 1.csv").write_text("spell_id\ns1\n")
    (place / "stays" / "it's 2.csv").write_text("spell_id\ns2\n")
    (place / "notes.txt").write_text(ZEBRA)
    (place / ".hidden.csv").write_text(f"a\n{ZEBRA}\n")
    (tmp_path / "elsewhere.csv").write_text(f"a\n{ZEBRA}\n")
    (place / "link.txt").symlink_to(tmp_path / "elsewhere.csv")
    return place


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    place = Workspace()
    yield place
    place.close()


@pytest.fixture
def sources(folder: Path, workspace: Workspace) -> Sources:
    return open_sources(folder, workspace, None)


def pattern(path: Path | str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path)).replace("'", "''")


def files_below(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_the_sources_themselves_can_be_read_again_and_again(sources: Sources) -> None:
    for _ in range(2):
        assert sources.run("SELECT sex FROM people").fetchall() == [("1",)]
        assert sources.run("SELECT spell_id FROM stays ORDER BY 1").fetchall() == [("s1",), ("s2",)]


@pytest.mark.parametrize("how", ["from here", "by a link", "the long way"])
def test_the_folder_may_be_named_in_any_way(
    folder: Path, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(folder)
    named = {"from here": Path(folder.name), "by a link": Path("link"), "the long way": Path("link/../") / folder.name}

    sources = open_sources(named[how], workspace, None)

    assert sources.run("SELECT count(*) FROM stays").fetchone() == (2,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{system}')",
        "SELECT * FROM read_blob('{system}')",
        "SELECT * FROM read_csv('{system}', header = false)",
        "SELECT * FROM '{elsewhere}'",
        "SELECT * FROM read_csv('{elsewhere}')",
        "SELECT * FROM read_csv('file://{elsewhere}')",
        "SELECT * FROM read_text('{folder}/../elsewhere.csv')",
        "SELECT * FROM read_text('{folder}/notes.txt')",
        "SELECT * FROM read_text('{folder}/.hidden.csv')",
        "SELECT * FROM read_text('{folder}/link.txt')",
        "SELECT * FROM read_text('{folder}/people.csv/../notes.txt')",
        "SELECT * FROM read_text('{folder}/*')",
        "SELECT * FROM read_text('{workspace}/*')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM sniff_csv('{elsewhere}')",
        "SELECT * FROM read_csv('https://127.0.0.1:9/a.csv')",
        "SELECT * FROM sqlite_scan('{elsewhere}', 'a')",
        "SELECT getenv('ZEBRA')",
        "SELECT * FROM secret_of_the_caller",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{workspace}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/people.csv'",
        "COPY (SELECT 1) TO '{elsewhere}' (USE_TMP_FILE false)",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.duckdb' AS other",
        "ATTACH '{elsewhere}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{elsewhere}'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{system}']",
        "SET allowed_directories = ['/']",
        "SET temp_directory = '/'",
        "RESET lock_configuration",
        "PRAGMA profiling_output = '{folder}/out.json'",
    ],
)
def test_no_other_file_is_read_or_written(
    sources: Sources, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.setenv("ZEBRA", ZEBRA)
    secret_of_the_caller = {"a": [ZEBRA]}  # the engine looks for names of Python variables where it may
    before = files_below(tmp_path)
    places = {
        "system": OF_THE_SYSTEM, "elsewhere": tmp_path / "elsewhere.csv", "folder": pattern(folder),
        "workspace": sources.workspace.path,
    }  # fmt: skip

    with pytest.raises(duckdb.Error) as refused:
        sources.run(sql.format(**places))

    assert secret_of_the_caller["a"][0] not in str(refused.value)
    assert Path(OF_THE_SYSTEM).read_text().strip() not in str(refused.value).replace(OF_THE_SYSTEM, "")
    assert files_below(tmp_path) == before


def test_the_same_statements_would_read_and_write_without_that(folder: Path, tmp_path: Path) -> None:
    with duckdb.connect() as engine:
        assert engine.read_csv(OF_THE_SYSTEM, header=False).fetchall()
        assert ZEBRA in str(engine.read_csv(pattern(folder / "link.txt")).fetchall())
        engine.execute(f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'")

    assert (tmp_path / "out.csv").is_file()


@pytest.mark.parametrize("may_spill", [True, False])
def test_a_query_larger_than_memory_still_spills_to_the_engines_own_folder(
    workspace: Workspace, folder: Path, may_spill: bool
) -> None:
    engine = workspace.backend
    engine.raw_sql("SET memory_limit = '60MB'")
    engine.raw_sql("SET threads = 1")
    if not may_spill:  # the measure of the test: without a place to spill to there is too little memory
        engine.raw_sql("SET max_temp_directory_size = '0KB'")
    sources = open_sources(folder, workspace, None)
    sql = (
        "CREATE TABLE sorted AS SELECT one, row_number() OVER (ORDER BY one) AS place"
        " FROM (SELECT hash(range)::VARCHAR || repeat('x', 100) AS one FROM range(1000000))"
    )

    if may_spill:
        sources.run(sql)
        assert sources.run("SELECT count(*) FROM sorted").fetchone() == (1_000_000,)
    else:
        with pytest.raises(duckdb.OutOfMemoryException):
            sources.run(sql)


# --- by way of a whole mapping ---------------------------------------------------------------------------------------


@pytest.fixture
def canonical(tmp_path: Path) -> Path:
    place = tmp_path / "records"
    place.mkdir()
    (place / "patients.csv").write_text("patient_id,birth_month,sex\np1,1950-06-01,1\n")
    (place / "spells.csv").write_text(
        "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns1,p1,2024-01-02,2024-01-03,21\n"
    )
    (tmp_path / "elsewhere.csv").write_text(f"a\n{ZEBRA}\n")
    return place


PEOPLE = {"patient_id": "patient_id", "birth_month": "birth_month", "sex": "sex"}
STAY = {c: c for c in ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method")}


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"reach": "SELECT * FROM '{elsewhere}'"}},
        {"sources": {"reach": "SELECT * FROM read_csv('{elsewhere}')"}},
        {"sources": {"reach": "SELECT content AS a FROM read_text('{system}')"}},
        {"sources": {"reach": "SELECT * FROM glob('{folder}/*')"}},
        {"sources": {"reach": "COPY patients TO '{folder}/out.csv'"}},
        {"sources": {"reach": "SELECT * FROM enable_profiling(save_location = '{folder}/out.txt')"}},
        {"sources": {"reach": {"stack": ["../elsewhere"]}}},
        {"sources": {"reach": {"stack": ["{elsewhere}"]}}},
        {"people": {"source": "../elsewhere"}},
        {"people": {"source": "{elsewhere}"}},
        {"people": {"source": "../records/patients"}},
        {"people": {"source": 'patients" UNION ALL FROM "{elsewhere}'}},
        {"people": {"columns": PEOPLE | {"lsoa": "(SELECT first(content) FROM read_text('{system}'))"}}},
        {"people": {"columns": PEOPLE | {"lsoa": "getenv('ZEBRA')"}}},
        {"people": {"columns": PEOPLE | {"lsoa": "1) AS a FROM patients; COPY patients TO '{folder}/out.csv'; --"}}},
        {"people": {"where": "true); COPY patients TO '{folder}/out.csv'; --"}},
        {"people": {"where": "EXISTS (FROM read_csv('{elsewhere}'))"}},
    ],
)
def test_a_mapping_reads_no_file_but_its_sources_and_writes_none(
    canonical: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setenv("ZEBRA", ZEBRA)
    before = files_below(tmp_path)
    change = _filled(change, {"{elsewhere}": str(tmp_path / "elsewhere.csv"), "{system}": OF_THE_SYSTEM,
                              "{folder}": str(canonical)})  # fmt: skip
    content = {
        "name": "site",
        "sources": change.get("sources", {}),
        "tables": {
            "patients": {"source": "patients", "columns": PEOPLE, **change.get("people", {})},
            "spells": {"source": "spells", "columns": STAY},
        },
    }

    with pytest.raises((SpecificationError, InputError, ValidationError)) as refused:
        read_records(canonical, mapping=Mapping.model_validate(content))

    assert ZEBRA not in str(refused.value)
    assert files_below(tmp_path) == before


def _filled(content: Any, places: dict[str, str]) -> Any:
    if isinstance(content, dict):
        return {key: _filled(value, places) for key, value in content.items()}
    if isinstance(content, list):
        return [_filled(value, places) for value in content]
    for name, place in places.items():
        content = content.replace(name, place)
    return content


def test_a_link_that_the_site_put_among_its_records_is_a_source_like_any_other(canonical: Path, tmp_path: Path) -> None:
    (tmp_path / "other disk").mkdir()
    (canonical / "spells.csv").rename(tmp_path / "other disk" / "spells.csv")
    (canonical / "spells.csv").symlink_to(tmp_path / "other disk" / "spells.csv")

    assert read_records(canonical).tables["spells"].count().to_pyarrow().as_py() == 1


def test_the_folder_for_temporary_files_may_have_any_name(folder: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's; here [1]"
    odd.mkdir()
    workspace = Workspace(odd)

    assert open_sources(folder, workspace, None).run("SELECT count(*) FROM stays").fetchone() == (2,)
    workspace.close()
