from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import MakeRecords
from tests.unit.features.test_shipped_codelists import verhoeff
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import PREFIX_SYSTEMS, plain_code
from vi_risk.governance import sensitive
from vi_risk.governance.sensitive import sensitive_codes, without_sensitive
from vi_risk.records.codes import SENSITIVE_KIND
from vi_risk.records.permission import LeftOut

CODES = sensitive_codes()
SHIPPED = Path(sensitive.__file__).parent / "codelists"
SPELL = {"patient_id": "p", "spell_id": "s", "admitted_on": None}


def test_every_kind_has_codes_and_no_other_kind_is_shipped() -> None:
    assert CODES.keys() == SENSITIVE_KIND.keys()


def test_every_snomed_concept_has_its_check_digit() -> None:
    concepts = [code for pairs in CODES.values() for system, code in pairs if system == "snomed"]
    assert len(concepts) >= 10
    assert [code for code in concepts if verhoeff(code) != 0] == []


def test_no_code_stands_below_another_one_of_its_kind() -> None:
    said = sorted((kind, s, code) for kind, pairs in CODES.items() for s, code in pairs if s in PREFIX_SYSTEMS)
    twice = [(one[2], two[2]) for one, two in pairwise(said) if one[:2] == two[:2] and two[2].startswith(one[2])]
    assert twice == []


def test_codes_of_sites_own_lists_are_sensitive_too(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "ours.csv").write_text(
        "system,code,group,title,points,replaced_by,sensitive\nicd10,F10,drink,drink,1,,addiction\nicd10,I10,other,x,1,,\n"
    )
    assert sensitive_codes(tmp_path)["addiction"] == {("icd10", "F10")}


def test_a_broken_list_stops_rather_than_letting_its_codes_in(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "ours.csv").write_text("system,code,group,sensitive\nicd10,nonsense,drink,addiction\n")
    with pytest.raises(SpecificationError, match=r"ours\.csv: line 2"):
        sensitive_codes(tmp_path)


@pytest.mark.parametrize("code", ["B20", "B20.1", "b24X", "Z21"])
def test_a_code_is_refused_however_it_is_written(make_records: MakeRecords, code: str) -> None:
    rows = [{"spell_id": "s", "position": 1, "code": code}, {"spell_id": "s", "position": 2, "code": "I50"}]
    records = make_records(spells=[SPELL], diagnoses=rows)
    left, counted = without_sensitive(records.tables, {"hiv": CODES["hiv"]})
    assert left["diagnoses"].to_pyarrow()["code"].to_pylist() == ["I50"]
    assert counted == [LeftOut("sensitive codes: HIV and AIDS", "rows", 1)]


def test_a_code_of_the_gp_record_is_refused_in_its_own_system_alone(make_records: MakeRecords) -> None:
    events = [{"patient_id": "p", "event_on": None, "code_system": s, "code": "86406008"} for s in ("snomed", "read2")]
    left, _ = without_sensitive(make_records(gp_events=events).tables, {"hiv": CODES["hiv"]})
    assert left["gp_events"].to_pyarrow()["code_system"].to_pylist() == ["read2"]


def test_rows_without_a_code_stay(make_records: MakeRecords) -> None:
    issued = [{"patient_id": "p", "issued_on": None, "bnf_code": code} for code in (None, "0503010AA", "0212000B0")]
    left, _ = without_sensitive(make_records(prescriptions=issued).tables, CODES)
    assert left["prescriptions"].to_pyarrow()["bnf_code"].to_pylist() == [None, "0212000B0"]


def test_a_discharge_to_prison_stays_a_discharge_without_its_destination(make_records: MakeRecords) -> None:
    rows = [{**SPELL, "spell_id": to, "discharge_destination": to} for to in ("19", "37", "38")]
    left, counted = without_sensitive(make_records(spells=rows).tables, {"custody": CODES["custody"]})
    spells = left["spells"].order_by("spell_id").to_pyarrow().to_pydict()
    assert spells["discharge_destination"] == ["19", None, None]
    assert counted == [LeftOut("sensitive codes: prison and custody", "values", 2)]


def test_tables_without_a_refused_code_come_back_as_they_are(make_records: MakeRecords) -> None:
    records = make_records(spells=[SPELL], diagnoses=[{"spell_id": "s", "position": 1, "code": "I50"}])
    left, counted = without_sensitive(records.tables, CODES)
    assert all(left[name] is rows for name, rows in records.tables.items())
    assert counted == []


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.csv")), ids=lambda file: file.stem)
def test_every_code_stands_under_its_source_in_the_file_of_its_kind(file: Path) -> None:
    assert file.stem in SENSITIVE_KIND
    header, *rows = file.read_text(encoding="utf-8").split("system,code,group,title,sensitive\n")
    assert header.startswith("# ")
    for block in "".join(rows).split("# Source: ")[1:]:
        source, *codes = block.splitlines()
        assert source
        assert [code for code in codes if not code.startswith("# ")]
        assert all(code.endswith(f",{file.stem}") for code in codes if not code.startswith("# "))
    assert "".join(rows).startswith("# Source: ")


def test_what_could_not_be_checked_says_so() -> None:
    unchecked = [file.stem for file in SHIPPED.glob("*.csv") if "a release was not at hand" in file.read_text()]
    assert sorted(unchecked) == ["fertility", "gender_reassignment", "termination"]


@pytest.mark.parametrize(
    ("entry", "written", "goes"),
    [
        # as a code list writes a Read code, as the record does, whether the row goes
        ("A788.", "A788.", True),
        ("A788.", "A788", True),
        ("A788.", "A788.00", True),  # with its term
        ("A788.", "A7883", True),  # below it
        ("A788.", "A788311", True),
        ("A788", "A788.00", True),
        ("A788.00", "A788.", True),
        ("A788.", "A78..", False),  # above it
        ("A788.", "A789.", False),
        ("A788.", "a788.", False),  # the case of Read codes matters
        ("K44..", "K440.", True),
        ("K44..", "K4...", False),
    ],
)
def test_a_read_code_stands_for_those_below_it_at_the_door(
    make_records: MakeRecords, entry: str, written: str, goes: bool
) -> None:
    records = make_records(gp_events=[{"patient_id": "p", "event_on": None, "code_system": "read2", "code": written}])
    left, counted = without_sensitive(records.tables, {"hiv": frozenset({("read2", entry)})})
    assert (left["gp_events"].to_pyarrow().num_rows == 0) is goes
    assert sum(one.number for one in counted) == goes


@pytest.mark.parametrize(("written", "goes"), [("A788.", True), ("A788", True), ("A7880", False)])
def test_a_code_of_clinical_terms_3_stands_for_itself(make_records: MakeRecords, written: str, goes: bool) -> None:
    records = make_records(gp_events=[{"patient_id": "p", "event_on": None, "code_system": "ctv3", "code": written}])
    left, _ = without_sensitive(records.tables, {"hiv": frozenset({("ctv3", "A788.")})})
    assert (left["gp_events"].to_pyarrow().num_rows == 0) is goes


def test_codes_are_kept_plain() -> None:
    assert all(code == plain_code(system, code) for pairs in CODES.values() for system, code in pairs)
