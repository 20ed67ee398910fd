"""Who is left out of records for an objection: by its kind, what the governance file says, and when it was known."""

from datetime import date

import pytest

from tests.conftest import MakeRecords
from vi_risk.governance.door import without_objectors
from vi_risk.records.permission import Permission

DAY = date.fromisoformat
LIST = DAY("2025-01-01")

EXCLUDE_ALL = {"type_1": None, "national_data_opt_out": None, "risk_stratification": None}
INCLUDE_OPT_OUTS = {"type_1": "CAG 7", "national_data_opt_out": "CAG 7", "risk_stratification": None}


@pytest.mark.parametrize(
    ("kind", "from_", "arrived", "under", "left_out"),
    [
        # kind of objection, day it was made, day it reached the trust, what the file says,
        # whether a list of 1 January 2025 leaves the person out
        ("risk_stratification", "2024-05-01", "2024-05-03", EXCLUDE_ALL, True),
        ("risk_stratification", "2024-05-01", "2024-05-03", INCLUDE_OPT_OUTS, True),  # always
        ("type_1", "2024-05-01", "2024-05-03", EXCLUDE_ALL, True),
        ("type_1", "2024-05-01", "2024-05-03", INCLUDE_OPT_OUTS, False),
        ("national_data_opt_out", "2024-05-01", "2024-05-03", EXCLUDE_ALL, True),
        ("national_data_opt_out", "2024-05-01", "2024-05-03", INCLUDE_OPT_OUTS, False),
        ("type_1", "2024-12-31", "2024-12-31", EXCLUDE_ALL, True),  # the day before
        ("type_1", "2025-01-01", "2025-01-01", EXCLUDE_ALL, False),  # the day itself: for the next list
        ("type_1", "2024-05-01", "2025-01-01", EXCLUDE_ALL, False),  # not known by then
        ("type_1", "2024-05-01", None, EXCLUDE_ALL, True),  # without a day it arrived as it was made
    ],
)
def test_an_objection_leaves_out_whoever_made_it_once_it_is_known(
    make_records: MakeRecords, kind: str, from_: str, arrived: str | None, under: dict[str, str | None], left_out: bool
) -> None:
    records = make_records(
        patients=[{"patient_id": "objects"}, {"patient_id": "other"}],
        # Years before the objection: a record that training would use.
        spells=[{"patient_id": "objects", "spell_id": "s", "admitted_on": DAY("2021-02-01")}],
        diagnoses=[{"spell_id": "s", "position": 1, "code": "I50"}],
        objections=[
            {
                "patient_id": "objects",
                "kind": kind,
                "objected_from": DAY(from_),
                "recorded_on": None if arrived is None else DAY(arrived),
            }
        ],
    )
    records = type(records)(records.tables, records.workspace, permission=Permission(objections=under))
    left = without_objectors(records, LIST)
    rows = {name: int(left.tables[name].count().to_pyarrow().as_py()) for name in ("patients", "spells", "diagnoses")}
    assert rows == (
        {"patients": 1, "spells": 0, "diagnoses": 0} if left_out else {"patients": 2, "spells": 1, "diagnoses": 1}
    )
