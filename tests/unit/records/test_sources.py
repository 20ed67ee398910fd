"""Sources of a mapping are evaluated once where several read them; what each gives is the same either way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vi_risk.errors import InputError
from vi_risk.records.linked import Workspace
from vi_risk.records.mapping import Mapping
from vi_risk.records.reading import open_sources, read_records

_STAY = {c: c for c in ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method")}
MAPPING = Mapping.model_validate(
    {
        "name": "site",
        "sources": {
            "plain": "SELECT * FROM stays WHERE admission_method <> '99'",
            "latest": "SELECT * FROM plain QUALIFY row_number() OVER (PARTITION BY spell_id ORDER BY admitted_on) = 1",
            "people": "SELECT DISTINCT patient_id FROM latest",
            "of_nobody": "SELECT DISTINCT spell_id FROM latest",
        },
        "tables": {
            "patients": {
                "source": "people",
                "columns": {"patient_id": "patient_id", "birth_month": "'1950-01-01'", "sex": "'1'"},
            },
            "spells": {"source": "latest", "columns": _STAY},
            "diagnoses": {"source": "plain", "columns": {"spell_id": "spell_id", "position": "1", "code": "'I10'"}},
        },
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stays.csv").write_text(
        "spell_id,patient_id,admitted_on,discharged_on,admission_method\n"
        "s1,p1,2024-01-02,2024-01-05,21\ns2,p1,2024-02-02,,12\ns3,p2,2024-02-02,,99\n"
    )
    return tmp_path


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    place = Workspace()
    yield place
    place.close()


def test_a_view_that_two_read_is_evaluated_once_and_one_that_only_picks_rows_is_not_copied(
    folder: Path, workspace: Workspace
) -> None:
    sources = open_sources(folder, workspace, MAPPING)

    sources.keep_shared(MAPPING.tables)

    found = sources.run("SELECT table_name, table_type FROM information_schema.tables").fetchall()
    kinds = dict(found)
    assert kinds["latest"] == "BASE TABLE"  # read by spells and by people; of_nobody is read by no table
    assert kinds["plain"] == kinds["people"] == kinds["of_nobody"] == "VIEW"
    assert sources.run("SELECT count(*) FROM people").fetchone() == (1,)


def test_what_was_kept_is_gone_once_the_tables_are_read(folder: Path) -> None:
    records = read_records(folder, mapping=MAPPING)

    assert sorted(records.workspace.backend.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall()) == [
        ("canonical_diagnoses",),
        ("canonical_patients",),
        ("canonical_spells",),
    ]
    assert records.tables["spells"].count().to_pyarrow().as_py() == 2


@pytest.mark.parametrize("column", ["failing", "spell_id"])
def test_a_shared_view_that_fails_on_a_row_is_a_fault_only_where_that_column_is_read(folder: Path, column: str) -> None:
    plain = (
        "SELECT * REPLACE (CAST('z' || spell_id AS INTEGER) AS spell_id) FROM stays"
        if column == "spell_id"
        else "SELECT *, CAST('z' || spell_id AS INTEGER) AS failing FROM stays"
    )
    mapping = MAPPING.model_copy(update={"sources": {**MAPPING.sources, "plain": plain}})

    if column == "failing":
        assert read_records(folder, mapping=mapping).has("spells")
    else:
        with pytest.raises(InputError, match="an expression of the mapping fails on some rows"):
            read_records(folder, mapping=mapping)
