"""What can happen to a person after an index date: an emergency stay in hospital, death, leaving the area.

Each is asked of the tables as they were known on one day, and is an expression that any engine of ibis runs.
"""

from collections.abc import Collection, Mapping

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.registered import FOR_EVER, stretches
from vi_risk.records.codes import DIED, EMERGENCY_ADMISSION_METHODS
from vi_risk.records.stays import stays

KEYS = ("patient_id", "index_date")


def emergency_stays(known: Mapping[str, ir.Table]) -> ir.Table:
    """Return the stays in hospital that began as an emergency; a transfer begins none (`vi_risk.records.stays`)."""
    return began_as_emergency(stays(known["spells"]))


def began_as_emergency(admissions: ir.Table) -> ir.Table:
    """Return the stays that began as an emergency, which are neither transfers nor births."""
    return admissions.filter(admissions.admission_method.isin(EMERGENCY_ADMISSION_METHODS))


def with_main_diagnosis(admissions: ir.Table, diagnoses: ir.Table, codes: Collection[str]) -> ir.Table:
    """Return the stays whose first spell has one of these ICD-10 codes, or one below it, as primary diagnosis."""
    plain = diagnoses.code.upper().replace(".", "").replace(" ", "")
    stems: dict[int, list[str]] = {}
    for code in codes:
        stems.setdefault(len(code), []).append(code)
    among = [plain.substr(0, length).isin(sorted(alike)) for length, alike in sorted(stems.items())]
    primary = diagnoses.filter(diagnoses.position == 1, ibis.or_(*among))
    return admissions.semi_join(primary, "spell_id")


def deaths(known: Mapping[str, ir.Table]) -> ir.Table:
    """Return patient_id, died_on of people who died: by the register or, where that has no date, in hospital."""
    registered, in_hospital = [], died_in_hospital(known["spells"])
    people = known["patients"]
    if "died_on" in people.columns:
        dead = people.filter(people.died_on.notnull())
        registered = [dead.select("patient_id", died_on="died_on", discharged_on=ibis.null("date"))]
    said = in_hospital.select("patient_id", died_on=ibis.null("date"), discharged_on="discharged_on")
    rows = ibis.union(said, *registered) if registered else said
    return rows.group_by("patient_id").agg(died_on=ibis.coalesce(rows.died_on.min(), rows.discharged_on.min()))


def died_in_hospital(spells: ir.Table) -> ir.Table:
    """Return the spells whose discharge says that the person died, whether or not `patients` knows it."""
    died = spells.discharge_method == DIED if "discharge_method" in spells.columns else ibis.literal(False)
    return spells.filter(died.fill_null(False))


def departures(known: Mapping[str, ir.Table], people: ir.Table) -> ir.Table:
    """Return patient_id, index_date, left_on of those people whose registration has ended.

    It ends with the stretch of registrations that holds at the index date: a move from one practice of the records to
    another within 31 days is no departure (`vi_risk.cohort.registered`). Who is not registered at the index date left
    on that day: nothing is known of them. A registration also ends with death, on the day of it or later.
    """
    periods = stretches(known["registrations"])
    pairs = people.select(*KEYS).join(periods, "patient_id")
    there = pairs.filter(pairs.begins < pairs.index_date, pairs.ends >= pairs.index_date)
    there = there.select(whose="patient_id", at="index_date", left_on="ends")
    rows = people.select(*KEYS).left_join(there, [people.patient_id == there.whose, people.index_date == there.at])
    left = rows.select(*KEYS, left_on=ibis.coalesce(rows.left_on, rows.index_date))
    return left.filter(left.left_on < ibis.literal(FOR_EVER))
