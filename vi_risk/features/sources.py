"""What a definition can read: the canonical tables, and sources that the engine makes of several of them.

The made sources are declared as tables are, so that a definition is checked against their columns in the same way. How
their rows come about is `vi_risk.features.rows`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from vi_risk.cohort.contacts import SETTINGS as SETTINGS  # a contact is told, and counted, in one way
from vi_risk.cohort.contacts import TOOK_PLACE as TOOK_PLACE
from vi_risk.records.tables import OF_PATIENT, PATIENT_ID, TABLES, Column, Table

CODED_ENTRIES, ADMISSIONS, CONTACTS = "coded_entries", "admissions", "contacts"

# source -> its column of clinical codes
CODE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        CODED_ENTRIES: "code",
        "diagnoses": "code",
        "procedures": "code",
        "gp_events": "code",
        "prescriptions": "bnf_code",
    }
)

# source -> the one system of its codes; the others say it in a column `code_system`
CODE_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {"diagnoses": "icd10", "procedures": "opcs4", "prescriptions": "bnf"}
)

# Columns of numbers whose unit stands in a column `unit` beside them.
IN_ANY_UNIT = frozenset({("gp_events", "value")})

# Columns of the spell that rows of its coded entries carry.
OF_THE_SPELL = (
    "admitted_on",
    "admission_method",
    "patient_classification",
    "treatment_function",
    "discharge_method",
    "discharge_destination",
)

_SPELL = {column.name: column for column in TABLES["spells"].columns}
_EVENT_ON = Column("event_on", "date", "day of the row", required=True)


def _coded(name: str) -> Table:
    table = TABLES[name]
    columns = (PATIENT_ID, _EVENT_ON, *table.columns, *(_SPELL[column] for column in OF_THE_SPELL))
    return Table(name, table.grain, columns, event="event_on", links=table.links)


_MADE = (
    _coded("diagnoses"),
    _coded("procedures"),
    Table(
        CODED_ENTRIES,
        "one row per diagnosis of a hospital spell or coded entry of the GP record",
        (
            PATIENT_ID,
            _EVENT_ON,
            Column("code_system", "text", "system of the code", required=True),
            Column("code", "text", "clinical code", required=True),
        ),
        event="event_on",
        links=OF_PATIENT,
    ),
    Table(
        ADMISSIONS,
        "one row per stay in hospital, spells joined by transfer",
        (
            PATIENT_ID,
            *(_SPELL[name] for name in ("provider_code", "admitted_on", "discharged_on", "admission_method")),
            *(_SPELL[name] for name in ("patient_classification", "treatment_function")),
            *(_SPELL[name] for name in ("discharge_method", "discharge_destination")),
            Column("nights", "integer", "nights of the stay", missing="still in hospital"),
            Column(
                "days_after_discharge",
                "integer",
                "days from the discharge of the stay before",
                missing="no stay before, or it is not discharged",
            ),
        ),
        event="admitted_on",
        links=OF_PATIENT,
    ),
    Table(
        CONTACTS,
        "one row per person, day and setting of care",
        (
            PATIENT_ID,
            _EVENT_ON,
            Column("setting", "text", "setting of care", required=True),
            Column("previous_setting", "text", "setting of the contact before", missing="none in the year before"),
            Column(
                "days_after_previous", "integer", "days since the contact before", missing="none in the year before"
            ),
        ),
        event="event_on",
        links=OF_PATIENT,
        held_by="practice",
    ),
)

SOURCES: Mapping[str, Table] = MappingProxyType({**TABLES, **{table.name: table for table in _MADE}})

# source made of several tables -> those tables
_BEHIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "diagnoses": ("diagnoses", "spells"),
        "procedures": ("procedures", "spells"),
        CODED_ENTRIES: ("diagnoses", "spells", "gp_events"),
        ADMISSIONS: ("spells",),
        CONTACTS: tuple(SETTINGS.values()),
    }
)


def tables_behind(source: str) -> tuple[str, ...]:
    """Return the canonical tables whose rows decide what a source shows."""
    return _BEHIND.get(source, (source,))
