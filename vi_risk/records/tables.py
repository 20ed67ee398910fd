"""The canonical tables, each declared once: columns, types, codes, keys, links, and when a value became known.

Mappings, checks, the synthetic trust and the features read these declarations; nothing else says what a table holds.

A *dated* table has an event column: the day on which the row happened. Any dated table may carry ``recorded_on``, the
day on which the row reached the trust. A column with ``known_from`` becomes known on the date in that other column
(a discharge destination on the day of discharge); all others become known with their row. ``missing`` says what a null
stands for, ``absent`` what a run does without the whole table. docs/data-dictionary.md is generated from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from vi_risk.records import codes

ColumnType = Literal["text", "integer", "number", "date", "timestamp", "boolean"]
Holder = Literal["trust", "practice"]

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a canonical table."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False  # a mapping must supply it, and it is never null
    mapped: bool = False  # a mapping must supply it, though single values may be null
    values: codes.Codes | None = None
    minimum: float | None = None
    maximum: float | None = None
    known_from: str | None = None  # the date column of this table from which the value is known
    as_at_extract: bool = False  # the source gives its present value only, without a date
    unit: str = ""
    missing: str = NOT_RECORDED  # what a null stands for; a required column has none


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of this table name a row of another one by these columns."""

    column: str
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    event: str | None = None  # the date or timestamp column on which the row happened
    links: tuple[Link, ...] = ()
    required: bool = False
    held_by: Holder = "trust"  # a practice's tables are seen from the day it joined the trust
    known_from: str | None = None  # "table.column": a date in a linked table from which whole rows are known
    absent: str = "its features are missing, never zero"
    may_be_empty: bool = False  # no row at all is news of its own: nobody was reviewed, nobody objected

    def column(self, name: str) -> Column:
        """Return the declared column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all declared columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def dated(self) -> bool:
        """Whether its rows happened on a day."""
        return self.event is not None


RECORDED_ON = Column(
    "recorded_on", "date", "day on which the row reached the trust", missing="it arrived with its event"
)
PATIENT_ID = Column("patient_id", "text", "pseudonym of the person", required=True)
OF_PATIENT = (Link("patient_id", "patients"),)
SPELL_ID = Column("spell_id", "text", "the spell", required=True)
OF_SPELL = (Link("spell_id", "spells"),)

_TABLES = (
    Table(
        "patients",
        "one row per person",
        (
            PATIENT_ID,
            Column("birth_month", "date", "first day of the month of birth", required=True),
            Column("sex", "text", "person stated gender code", required=True, values=codes.SEX),
            Column("ethnic_category", "text", "ethnic category", values=codes.ETHNIC_CATEGORY),
            Column(
                "lsoa",
                "text",
                "ONS code of the area of residence: lower layer super output area, or data zone",
                as_at_extract=True,
            ),
            Column(
                "imd_decile",
                "integer",
                "index of multiple deprivation, 1 most to 10 least deprived",
                minimum=1,
                maximum=10,
                as_at_extract=True,
                unit="decile of England's areas",
            ),
            Column("imd_edition", "text", "edition of the index, for example 2019", as_at_extract=True),
            Column("died_on", "date", "date of death", known_from="died_on", missing="alive at the extract"),
            Column("care_home", "boolean", "lives in a care home", as_at_extract=True),
        ),
        key=("patient_id",),
        required=True,
        absent="the run stops",
    ),
    Table(
        "practices",
        "one row per GP practice",
        (
            Column("practice_code", "text", "code of the practice", required=True),
            Column("name", "text", "name of the practice"),
            Column("network", "text", "primary care network"),
            Column(
                "integrated_from",
                "date",
                "day on which the practice joined the trust",
                known_from="integrated_from",
                missing="outside the trust: the practice's tables are not seen",
            ),
        ),
        key=("practice_code",),
        absent="every practice counts as in the trust from the beginning",
    ),
    Table(
        "registrations",
        "one row per person, practice and period of registration",
        (
            PATIENT_ID,
            Column("practice_code", "text", "code of the practice", required=True),
            Column("registered_from", "date", "first day of the registration", required=True),
            Column(
                "registered_to",
                "date",
                "day on which it ended, itself no longer registered",
                mapped=True,
                known_from="registered_to",
                missing="still registered",
            ),
            RECORDED_ON,
        ),
        key=("patient_id", "practice_code", "registered_from"),
        event="registered_from",
        links=(*OF_PATIENT, Link("practice_code", "practices")),
        absent="everyone alive is eligible, and there is one list, all",
    ),
    Table(
        "spells",
        "one row per hospital provider spell",
        (
            Column("spell_id", "text", "identifier of the spell", required=True),
            PATIENT_ID,
            Column("provider_code", "text", "organisation that provided the care"),
            Column("admitted_on", "date", "day of admission", required=True),
            Column(
                "discharged_on",
                "date",
                "day of discharge",
                mapped=True,
                known_from="discharged_on",
                missing="still in hospital",
            ),
            Column("admission_method", "text", "admission method", required=True, values=codes.ADMISSION_METHOD),
            Column("patient_classification", "text", "patient classification", values=codes.PATIENT_CLASSIFICATION),
            Column(
                "discharge_method",
                "text",
                "discharge method",
                values=codes.DISCHARGE_METHOD,
                known_from="discharged_on",
                missing="not recorded, or still in hospital",
            ),
            Column(
                "discharge_destination",
                "text",
                "discharge destination",
                values=codes.DISCHARGE_DESTINATION,
                known_from="discharged_on",
                missing="not recorded, or still in hospital",
            ),
            Column("treatment_function", "text", "treatment function code of the admitting consultant"),
            RECORDED_ON,
        ),
        key=("spell_id",),
        event="admitted_on",
        links=OF_PATIENT,
        required=True,
        absent="the run stops",
    ),
    Table(
        "diagnoses",
        "one row per coded diagnosis of a spell",
        (
            SPELL_ID,
            Column("position", "integer", "1 primary, 2 and above secondary", required=True, minimum=1),
            Column("code", "text", "ICD-10 code, with or without its dot", required=True),
            RECORDED_ON,
        ),
        key=("spell_id", "position"),
        links=OF_SPELL,
        known_from="spells.discharged_on",
    ),
    Table(
        "procedures",
        "one row per coded procedure of a spell",
        (
            SPELL_ID,
            Column("position", "integer", "1 main, 2 and above further", required=True, minimum=1),
            Column("code", "text", "OPCS-4 code, with or without its dot", required=True),
            Column("performed_on", "date", "day of the procedure"),
            RECORDED_ON,
        ),
        key=("spell_id", "position"),
        links=OF_SPELL,
        known_from="spells.discharged_on",
    ),
    Table(
        "ed_attendances",
        "one row per attendance at an emergency department",
        (
            Column("attendance_id", "text", "identifier of the attendance", required=True),
            PATIENT_ID,
            Column("arrived_at", "timestamp", "date and time of arrival", required=True),
            Column("department_type", "text", "type of department", values=codes.ED_DEPARTMENT_TYPE),
            Column("attendance_category", "text", "first attendance or follow-up", values=codes.ED_ATTENDANCE_CATEGORY),
            Column("arrival_mode", "text", "how the person arrived", values=codes.ED_ARRIVAL_MODE),
            Column("acuity", "text", "acuity at triage, 1 immediate to 5 not urgent", values=codes.ED_ACUITY),
            Column("disposal", "text", "how the attendance ended", values=codes.ED_DISPOSAL),
            RECORDED_ON,
        ),
        key=("attendance_id",),
        event="arrived_at",
        links=OF_PATIENT,
    ),
    Table(
        "outpatient_appointments",
        "one row per outpatient appointment",
        (
            Column("appointment_id", "text", "identifier of the appointment", required=True),
            PATIENT_ID,
            Column("appointment_on", "date", "day of the appointment", required=True),
            Column("attended", "text", "attended or did not attend", values=codes.ATTENDED),
            Column("specialty", "text", "treatment function code"),
            Column("first_attendance", "boolean", "first appointment of its course"),
            RECORDED_ON,
        ),
        key=("appointment_id",),
        event="appointment_on",
        links=OF_PATIENT,
    ),
    Table(
        "gp_events",
        "one row per coded entry in the GP record",
        (
            PATIENT_ID,
            Column("event_on", "date", "day to which the entry refers", required=True),
            Column("code_system", "text", "system of the code", required=True, values=codes.CLINICAL_CODE_SYSTEM),
            Column("code", "text", "clinical code", required=True),
            Column("value", "number", "measured value", unit="as in column unit", missing="nothing was measured"),
            Column("unit", "text", "unit of the value", missing="not recorded, or nothing was measured"),
            RECORDED_ON,
        ),
        event="event_on",
        links=OF_PATIENT,
        held_by="practice",
    ),
    Table(
        "gp_appointments",
        "one row per appointment at a GP practice",
        (
            PATIENT_ID,
            Column("appointment_on", "date", "day of the appointment", required=True),
            Column("status", "text", "attended or not", values=codes.GP_APPOINTMENT_STATUS),
            Column("staff_role", "text", "whom the person saw", values=codes.GP_STAFF_ROLE),
            Column("mode", "text", "how they met", values=codes.GP_APPOINTMENT_MODE),
            RECORDED_ON,
        ),
        event="appointment_on",
        links=OF_PATIENT,
        held_by="practice",
    ),
    Table(
        "prescriptions",
        "one row per medicine issued",
        (
            PATIENT_ID,
            Column("issued_on", "date", "day of issue", required=True),
            Column("bnf_code", "text", "BNF code, 4 to 15 characters", required=True),
            Column("dmd_code", "text", "dictionary of medicines and devices code"),
            Column("quantity", "number", "quantity issued", minimum=0, unit="of the medicine: tablets, ml"),
            RECORDED_ON,
        ),
        event="issued_on",
        links=OF_PATIENT,
        held_by="practice",
    ),
    Table(
        "community_contacts",
        "one row per contact with a community team",
        (
            PATIENT_ID,
            Column("contact_on", "date", "day of the contact", required=True),
            Column("team_type", "text", "team", values=codes.COMMUNITY_TEAM),
            Column("attended", "text", "attended or did not attend", values=codes.ATTENDED),
            RECORDED_ON,
        ),
        event="contact_on",
        links=OF_PATIENT,
    ),
    Table(
        "referrals",
        "one row per referral to a service outside the hospital",
        (
            PATIENT_ID,
            Column("referred_on", "date", "day of the referral", required=True),
            Column("service", "text", "service referred to", required=True, values=codes.REFERRAL_SERVICE),
            RECORDED_ON,
        ),
        event="referred_on",
        links=OF_PATIENT,
    ),
    Table(
        "mdt_reviews",
        "one row per person and meeting of a multidisciplinary team that discussed them",
        (
            PATIENT_ID,
            Column("reviewed_on", "date", "day of the meeting", required=True),
            Column("decision", "text", "what was decided", values=codes.MDT_DECISION),
            Column("owner", "text", "role or team that carries the plan", missing="nobody was named"),
            Column("plan", "text", "what is to be done, as free text", missing="no plan was written"),
            Column("review_on", "date", "day on which to look again", missing="no day was set"),
            Column(
                "outcome_code",
                "text",
                "what became of the plan, as the workbook of a meeting codes it",
                as_at_extract=True,  # it is written later than the review, on a day that nothing tells
                missing="no outcome was written",
            ),
            RECORDED_ON,
        ),
        key=("patient_id", "reviewed_on"),
        event="reviewed_on",
        links=OF_PATIENT,
        absent="nobody counts as reviewed before",
        may_be_empty=True,
    ),
    Table(
        "objections",
        "one row per person and kind of objection, from the day on which it was made",
        (
            PATIENT_ID,
            Column("kind", "text", "what the person objects to", required=True, values=codes.OBJECTION_KIND),
            Column("objected_from", "date", "first day on which the objection holds", required=True),
            RECORDED_ON,
        ),
        key=("patient_id", "kind", "objected_from"),
        event="objected_from",
        links=OF_PATIENT,
        absent="no objection is known; the site honours them before the extract",
        may_be_empty=True,
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})
