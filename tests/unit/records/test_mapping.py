from pathlib import Path
from typing import Any

import pytest

from vi_risk.errors import SpecificationError, UsageError
from vi_risk.records.expressions import sources_of
from vi_risk.records.mapping import SHIPPED, load_mapping
from vi_risk.records.tables import TABLES

WHOLE = """
name = "site"
[tables.patients]
source = "people"
columns.patient_id = "id"
columns.birth_month = "born"
columns.sex = "gender"
[tables.spells]
source = "stays"
columns.spell_id = "id"
columns.patient_id = "person"
columns.admitted_on = "admitted"
columns.discharged_on = "discharged"
columns.admission_method = "method"
"""


def faults_of(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecificationError) as refused:
        load_mapping(tmp_path / "site.toml")
    return str(refused.value).splitlines()


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_mapping_is_whole(name: str) -> None:
    mapping = load_mapping(name)

    assert mapping is not None
    assert mapping.name == name


def test_canonical_records_need_no_mapping() -> None:
    assert load_mapping("canonical") is None


def test_a_whole_mapping_is_taken(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(WHOLE, encoding="utf-8")

    mapping = load_mapping(tmp_path / "site.toml")

    assert mapping is not None
    assert mapping.tables["patients"].columns["sex"] == "gender"


def test_an_unknown_name_is_answered_with_the_shipped_ones() -> None:
    with pytest.raises(UsageError, match=r"no mapping of that name is shipped\. Expected one of: .*clinosim"):
        load_mapping("clinsim")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such mapping file"):
        load_mapping(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE + "[tables.patients]\n", "is not valid TOML"),
        ('name = "site', "is not valid TOML"),
        (WHOLE.replace('name = "site"', ""), "name: is missing. Add it."),
        ('colour = "red"\n' + WHOLE, "colour: is not a known key. Remove it or check its spelling."),
        (WHOLE + 'wher = "true"\n', "tables.spells.wher: is not a known key."),
        (WHOLE.replace('source = "people"', ""), "tables.patients.source: is missing."),
        (WHOLE.replace("[tables.patients]", "[tables.people]"), "tables.people is no canonical table"),
        (WHOLE.replace("[tables.patients]", "[tables.people]"), "tables.patients is missing"),
        (WHOLE.replace("columns.sex", "columns.gender"), "tables.patients: gender is no column of patients"),
        (
            WHOLE.replace("columns.sex", "columns.lsoa"),
            "tables.patients: columns lacks sex (person stated gender code)",
        ),
        (WHOLE.replace("columns.discharged_on", "columns.recorded_on"), "columns lacks discharged_on"),
        (WHOLE + 'values.provider_code = { a = "b" }\n', "values.provider_code has no expression in columns"),
        (WHOLE + 'formats.provider_code = "%Y"\n', "formats.provider_code has no expression in columns"),
        (WHOLE + 'sources = "x"\n', "tables.spells.sources: is not a known key."),
        ('sources.people = "DROP TABLE patients"\n' + WHOLE, "sources.people is not one SELECT statement"),
        ('sources.people = "SELECT 1; SELECT 2"\n' + WHOLE, "sources.people is not one SELECT statement"),
        ('sources.people = "SELEKT 1 FROM"\n' + WHOLE, "sources.people is not one SELECT statement"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    lines = faults_of(tmp_path, text)

    assert any(fault in line for line in lines)
    assert all("site.toml" in line for line in lines)


@pytest.mark.parametrize(
    "expression",
    [
        "born; DROP TABLE patients",
        "born) FROM people --",
        "born, gender",
        "born FROM people",
        "(SELECT max(born) FROM people)",
        "born AS birthday",
        "CAST(born AS",
        "",
    ],
)
def test_a_column_is_one_expression_and_nothing_more(tmp_path: Path, expression: str) -> None:
    lines = faults_of(tmp_path, WHOLE.replace('"born"', f'"{expression}"'))

    assert lines == ["site.toml: tables.patients: columns.birth_month is not one SQL expression."]


@pytest.mark.parametrize("condition", ["true; DELETE FROM people", "id IN (SELECT id FROM stays)", "id >", ""])
def test_a_filter_is_one_condition_and_nothing_more(tmp_path: Path, condition: str) -> None:
    lines = faults_of(tmp_path, WHOLE.replace('source = "people"', f'source = "people"\nwhere = "{condition}"'))

    assert lines == ["site.toml: tables.patients: where is not one SQL expression."]


def test_all_faults_of_a_mapping_are_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace("columns.sex", "columns.gender").replace("columns.admission_method", "columns.method")

    faults = "\n".join(faults_of(tmp_path, text))

    for expected in ("gender is no column", "columns lacks sex", "method is no column", "lacks admission_method"):
        assert expected in faults


def test_one_fault_is_one_line(tmp_path: Path) -> None:
    lines = faults_of(tmp_path, WHOLE + 'columns.ward = "ward"\n')

    assert len(lines) == 1


def test_a_mapping_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_bytes(WHOLE.encode() + b"# caf\xe9\n")

    with pytest.raises(SpecificationError, match="is not UTF-8 text"):
        load_mapping(tmp_path / "site.toml")


@pytest.mark.parametrize(
    ("sql", "sources"),
    [
        ("SELECT * FROM a", {"a"}),
        ("SELECT * FROM a JOIN b USING (id) WHERE x IN (SELECT x FROM c)", {"a", "b", "c"}),
        ("WITH w AS (SELECT * FROM a) SELECT * FROM w", {"a"}),
        ("SELECT 1 UNION ALL SELECT * FROM b", {"b"}),
    ],
)
def test_the_sources_of_a_view_are_the_tables_that_it_reads(sql: str, sources: set[str]) -> None:
    assert sources_of(sql) == sources


def test_what_a_mapping_must_give_is_what_the_tables_declare(tmp_path: Path) -> None:
    """Every required and every mapped column of the required tables is asked for by name."""
    empty = 'name = "site"\n' + "".join(
        f'[tables.{table.name}]\nsource = "x"\ncolumns = {{}}\n' for table in TABLES.values() if table.required
    )

    faults = "\n".join(faults_of(tmp_path, empty))

    asked: list[Any] = [
        (table.name, column.name)
        for table in TABLES.values()
        if table.required
        for column in table.columns
        if column.required or column.mapped
    ]
    assert len(asked) == 8
    for table, column in asked:
        assert f"tables.{table}: columns lacks {column} (" in faults


def test_of_hundreds_of_faults_the_first_are_told_and_how_many_more_there_are(tmp_path: Path) -> None:
    keys = "\n".join(f"columns.no_such_{number} = 'x'" for number in range(300))
    (tmp_path / "site.toml").write_text(f"{WHOLE}\n[tables.practices]\nsource = 'x'\n{keys}\n")
    with pytest.raises(SpecificationError) as refused:
        load_mapping(tmp_path / "site.toml")
    *first, last = str(refused.value).splitlines()
    assert len(first) == 20
    assert last.startswith("And 28")
    assert last.endswith(" more. Mend these first: others may go with them.")
