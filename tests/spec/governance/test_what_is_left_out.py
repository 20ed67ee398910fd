"""Which rows the door leaves out for a sensitive code, and what a governance file that permits a kind changes."""

from datetime import date

import pytest

from tests.conftest import MakeRecords
from vi_risk.governance.sensitive import refused_kinds, sensitive_codes, without_sensitive

DAY = date(2024, 5, 1)
CODES = sensitive_codes()


@pytest.mark.parametrize(
    ("table", "row", "kind"),
    [
        # table, code, the kind that it is sensitive as (None: it is not)
        ("diagnoses", {"code": "B20.1"}, "hiv"),
        ("diagnoses", {"code": "Z21X"}, "hiv"),
        ("diagnoses", {"code": "a56.0"}, "sexual_health"),
        ("diagnoses", {"code": "O04.9"}, "termination"),
        ("diagnoses", {"code": "N98.1"}, "fertility"),
        ("diagnoses", {"code": "F640"}, "gender_reassignment"),
        ("diagnoses", {"code": "Z65.1"}, "custody"),
        ("diagnoses", {"code": "B18.2"}, None),  # hepatitis C
        ("diagnoses", {"code": "O03.9"}, None),  # miscarriage
        ("diagnoses", {"code": "Z65.8"}, None),
        ("procedures", {"code": "Q14.1"}, "termination"),
        ("procedures", {"code": "Q11.1"}, "termination"),  # of a miscarriage as well: the code does not tell
        ("procedures", {"code": "X15.1"}, "gender_reassignment"),
        ("procedures", {"code": "Y96.1"}, "fertility"),
        ("procedures", {"code": "Q07.4"}, None),  # hysterectomy
        ("gp_events", {"code_system": "snomed", "code": "86406008"}, "hiv"),
        ("gp_events", {"code_system": "snomed", "code": "105568001"}, "custody"),
        ("gp_events", {"code_system": "icd10", "code": "B24"}, "hiv"),
        ("gp_events", {"code_system": "snomed", "code": "44054006"}, None),  # diabetes
        ("prescriptions", {"bnf_code": "0503010AABBAA"}, "hiv"),
        ("prescriptions", {"bnf_code": "0503021C0AAAA"}, None),  # aciclovir
    ],
)
def test_a_row_with_a_sensitive_code_is_left_out_unless_its_kind_is_permitted(
    make_records: MakeRecords, table: str, row: dict[str, str], kind: str | None
) -> None:
    beside = {
        "diagnoses": {"spell_id": "s", "position": 1},
        "procedures": {"spell_id": "s", "position": 1},
        "gp_events": {"patient_id": "p", "event_on": DAY},
        "prescriptions": {"patient_id": "p", "issued_on": DAY},
    }
    records = make_records(patients=[{"patient_id": "p"}], **{table: [{**beside[table], **row}]})
    every = [*CODES]
    others = [name for name in every if name != kind]

    def stays(permitted: list[str]) -> bool:
        left, counted = without_sensitive(records.tables, refused_kinds(CODES, permitted))
        rows = int(left[table].count().to_pyarrow().as_py())
        assert rows + sum(one.number for one in counted) == 1  # what is not there is counted
        return rows == 1

    assert stays([]) is (kind is None)
    assert stays(others) is (kind is None)
    assert stays(every)
    if kind is not None:
        assert stays([kind])
