"""Small random linked records, dense where it matters: at the index date, at window edges, at what arrives late.

A record is a dictionary of canonical tables, each a list of rows (dictionaries); `frames` makes data frames of it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from vi_risk.features.declarations import CODED_ENTRIES
from vi_risk.records.tables import TABLES

Row = dict[str, Any]
Record = dict[str, list[Row]]
Draw = Callable[[st.SearchStrategy[Any]], Any]

# A leap day, the day after one, the day a year later, and a new year.
INDEX_DATES = (date(2024, 2, 29), date(2024, 3, 1), date(2025, 3, 1), date(2024, 1, 1))

_WINDOWS = (1, 30, 90, 180, 365, 730, 1095)
_EDGES = sorted({-window + shift for window in _WINDOWS for shift in (-1, 0, 1)} | {-1, 0, 1})
_DAYS_PAST_AND_FUTURE = st.one_of(st.sampled_from(_EDGES), st.integers(-40, 10), st.integers(-1200, 60))
_DAYS_AHEAD = st.sampled_from((0, 0, 1, 2, 30, 400))

_ICD10 = (
    "I50.1",
    "i501",
    "I10",
    "F00.1",
    "F00",
    "F05",
    "W19",
    "R29.6",
    "X61",
    "J44.1",
    "E11.2",
    "C780",
    "C44.3",
    "Z51.5",
    "N183",
    "K703",
)
_SNOMED = ("13645005", "84114007", "38341003", "161898004", "7200002", "105529008", "999999999")
_BNF = (
    "0208020V0AAABAB",
    "0208020V0",
    "0501013B0AAAAAA",
    "0601023A0AAAAAA",
    "0402030K0AAAAAA",
    "1001",
    "0212000B0AAADAD",
    "210109000BBCAA0",
)


@dataclass(frozen=True)
class Times:
    """Where the days of a row fall: around the index date, or such that the row was not known on it."""

    index_date: date
    late: bool = False

    def draw(self, draw: Draw) -> tuple[date, date | None]:
        """Return the day on which a row happened and the day on which it arrived, None where that is not said."""
        if not self.late:
            happened = self.day(draw, _DAYS_PAST_AND_FUTURE)
            arrived = draw(st.sampled_from((None, None, happened, self.day(draw, _DAYS_PAST_AND_FUTURE))))
        elif draw(st.booleans()):
            happened = self.day(draw, _DAYS_AHEAD)
            arrived = draw(st.sampled_from((None, happened, self.index_date - timedelta(days=1))))
        else:
            happened = self.day(draw, _DAYS_PAST_AND_FUTURE)
            arrived = self.day(draw, _DAYS_AHEAD)
        return happened, arrived

    def arrival(self, draw: Draw) -> date | None:
        """Return the day on which a row arrived that happened earlier, as a diagnosis does after its stay."""
        if self.late:
            return self.day(draw, _DAYS_AHEAD)
        arrived: date | None = draw(st.sampled_from((None, self.day(draw, _DAYS_PAST_AND_FUTURE))))
        return arrived

    def day(self, draw: Draw, days: st.SearchStrategy[int]) -> date:
        return self.index_date + timedelta(days=draw(days))


def _one_of(*values: object) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


# What a row holds beside its keys and days; a column that is not named here is not part of these records.
_VALUES: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "registrations": {"practice_code": _one_of("a", "b")},
    "spells": {
        "admission_method": _one_of("21", "21", "28", "2B", "2C", "11", "31"),
        "patient_classification": _one_of("1", "1", "2", None),
    },
    "ed_attendances": {
        "department_type": _one_of("01", "03", None),
        "arrival_mode": _one_of("1", "2", None),
        "acuity": _one_of("1", "2", "3", None),
        "disposal": _one_of("01", "12", "13", None),
    },
    "outpatient_appointments": {
        "attended": _one_of("5", "6", "3", "7", None),
        "specialty": _one_of("300", "320", None),
        "first_attendance": _one_of(True, False, None),
    },
    "gp_appointments": {
        "status": _one_of("attended", "attended", "dna", None),
        "staff_role": _one_of("gp", "nurse", "pharmacist", None),
        "mode": _one_of("home", "telephone", None),
    },
    "prescriptions": {"bnf_code": _one_of(*_BNF)},
    "community_contacts": {
        "team_type": _one_of("district_nursing", "community_matron", "rapid_response", "physiotherapy", None),
        "attended": _one_of("5", "6", "3", None),
    },
}
_CODED = st.one_of(
    st.tuples(st.just("snomed"), st.sampled_from(_SNOMED)),
    st.tuples(st.just("icd10"), st.sampled_from(_ICD10)),
    st.tuples(st.just("read2"), st.just("C10..")),
)
DATED_TABLES = (*_VALUES, "gp_events")
_OPTIONAL_TABLES = tuple(name for name in (*DATED_TABLES, "diagnoses") if name != "spells")
_OPTIONAL_COLUMNS = (
    ("patients", "imd_decile"),
    ("patients", "care_home"),
    ("spells", "discharge_destination"),
    ("spells", "patient_classification"),
    ("ed_attendances", "arrival_mode"),
    ("ed_attendances", "recorded_on"),
    ("gp_appointments", "staff_role"),
    ("gp_events", "recorded_on"),
    ("outpatient_appointments", "specialty"),
    ("community_contacts", "attended"),
)


def dated_row(draw: Draw, table: str, patient_id: str, name: str, times: Times) -> Row:
    """Return a row of a dated table; `name` identifies it."""
    happened, arrived = times.draw(draw)
    event = str(TABLES[table].event)
    row: Row = {"patient_id": patient_id, event: happened, "recorded_on": arrived}
    row |= {column: draw(values) for column, values in _VALUES.get(table, {}).items()}
    match table:
        case "gp_events":
            row["code_system"], row["code"] = draw(_CODED)
        case "ed_attendances":
            row[event] = datetime.combine(happened, draw(_one_of(time(0, 0), time(23, 59))))
            row["attendance_id"] = name
        case "outpatient_appointments":
            row["appointment_id"] = name
        case "spells":
            row["spell_id"] = name
            length = draw(_one_of(None, 0, 1, 7, 400))
            row |= discharge(draw, None if length is None else happened + timedelta(days=length))
        case "registrations":
            row["registered_to"] = draw(_one_of(None, happened + timedelta(days=1), times.index_date))
    return row


def discharge(draw: Draw, discharged_on: date | None) -> Row:
    """Return the fields of a discharge; they may be filled in though the stay is open, as real extracts have it."""
    return {
        "discharged_on": discharged_on,
        "discharge_method": draw(_one_of("1", "2", None)),
        "discharge_destination": draw(_one_of("19", "54", None)),
    }


def diagnoses_of(draw: Draw, spell_id: str, times: Times, first_position: int = 1) -> list[Row]:
    """Return up to two coded diagnoses of a spell."""
    return [
        {
            "spell_id": spell_id,
            "position": first_position + step,
            "code": draw(st.sampled_from(_ICD10)),
            "recorded_on": times.arrival(draw),
        }
        for step in range(draw(st.integers(0, 2)))
    ]


def _person(draw: Draw, patient_id: str, index_date: date) -> Row:
    birth_months = (date(1940, 2, 1), index_date.replace(year=1950, day=1), date(1990, 12, 1))
    return {
        "patient_id": patient_id,
        "birth_month": draw(st.sampled_from(birth_months)),
        "sex": draw(_one_of("1", "2", "9")),
        "ethnic_category": draw(_one_of("A", "Z", None)),
        "imd_decile": draw(_one_of(1, 10, None)),
        "care_home": draw(_one_of(True, False, None)),
        "died_on": draw(_one_of(None, index_date, index_date + timedelta(days=3))),
    }


def tables_behind(source: str) -> tuple[str, ...]:
    """Return the dated tables that a source of features is made of."""
    behind = {"patients": (), "diagnoses": ("spells",), CODED_ENTRIES: ("spells", "gp_events")}
    return behind.get(source, (source,))


@st.composite
def records(
    draw: Draw, index_date: date, tables: Collection[str] = DATED_TABLES, *, max_patients: int = 4, max_rows: int = 5
) -> Record:
    """Records of a few people: rows in the tables named, at most `max_rows` a person in each; the others are empty."""
    record: Record = {name: [] for name in ("patients", *DATED_TABLES, "diagnoses")}
    times = Times(index_date)
    for number in range(draw(st.integers(1, max_patients))):
        patient_id = f"p{number}"
        record["patients"].append(_person(draw, patient_id, index_date))
        for table in tables:
            for row_number in range(draw(st.integers(0, max_rows))):
                row = dated_row(draw, table, patient_id, f"{patient_id}-{table}-{row_number}", times)
                record[table].append(row)
                if table == "spells":
                    record["diagnoses"] += diagnoses_of(draw, row["spell_id"], times)
    return record


@st.composite
def cohorts(draw: Draw, record: Record, index_date: date) -> pd.DataFrame:
    """Everyone at the index date, some at another one too, with the day from which their practice is seen."""
    rows = []
    for person in record["patients"]:
        days = {index_date, *draw(st.sets(st.sampled_from(INDEX_DATES), max_size=1))}
        for day in sorted(days):
            seen_from = draw(st.one_of(st.none(), st.just(-2000), _DAYS_PAST_AND_FUTURE))
            gp_seen_from = None if seen_from is None else day + timedelta(days=seen_from)
            rows.append({"patient_id": person["patient_id"], "index_date": day, "gp_seen_from": gp_seen_from})
    return pd.DataFrame(rows, dtype=object)


@st.composite
def gaps(draw: Draw) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """What a site does not have: some tables, some columns; often nothing."""
    missing_tables = draw(st.sets(st.sampled_from(_OPTIONAL_TABLES), max_size=2))
    missing_columns = draw(st.sets(st.sampled_from(_OPTIONAL_COLUMNS), max_size=2))
    return sorted(missing_tables), sorted(missing_columns)


def frames(
    record: Record, without: tuple[Sequence[str], Sequence[tuple[str, str]]] = ((), ())
) -> dict[str, pd.DataFrame]:
    """Return the canonical data frames of a record, without the tables and columns that a site lacks."""
    missing_tables, missing_columns = without
    made = {}
    for name, rows in record.items():
        if name not in missing_tables:
            columns = [column for column in TABLES[name].column_names if any(column in row for row in rows) or not rows]
            kept = [column for column in columns if (name, column) not in missing_columns]
            made[name] = pd.DataFrame([[row[column] for column in kept] for row in rows], columns=kept, dtype=object)
    return made
