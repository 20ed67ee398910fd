"""The least that can be done: one scan and one group-by over the columns that the features by hand read."""

from benchmarks.contenders.sql import connect
from benchmarks.measured import limit_memory, measured
from benchmarks.place import Asked, asked_of

# table -> whose rows are grouped, and the columns that are read
_READ = {
    "ed_attendances": (
        "patient_id",
        ("arrived_at", "department_type", "arrival_mode", "acuity", "disposal", "recorded_on"),
    ),
    "outpatient_appointments": ("patient_id", ("appointment_on", "attended", "specialty", "recorded_on")),
    "gp_appointments": ("patient_id", ("appointment_on", "status", "staff_role", "mode", "recorded_on")),
    "community_contacts": ("patient_id", ("contact_on", "team_type", "attended", "recorded_on")),
    "referrals": ("patient_id", ("referred_on", "service", "recorded_on")),
    "prescriptions": ("patient_id", ("issued_on", "bnf_code", "recorded_on")),
    "gp_events": ("patient_id", ("event_on", "code_system", "code", "value", "unit", "recorded_on")),
    "diagnoses": ("spell_id", ("code", "recorded_on")),
    "spells": ("patient_id", ("spell_id", "admitted_on", "discharged_on", "admission_method", "recorded_on")),
}


def scan(asked: Asked) -> int:
    """Read and group all rows, and return how many groups that made."""
    connection = connect(asked.place, asked.memory_gigabytes)
    groups = 0
    for table, (key, columns) in _READ.items():
        values = ", ".join(f"max({column})" for column in columns)
        grouped = f"SELECT {key}, count(*), {values} FROM {table} GROUP BY {key}"  # noqa: S608
        connection.execute(f"CREATE TEMP TABLE grouped AS {grouped}")
        counted = connection.execute("SELECT count(*) FROM grouped").fetchone()
        groups += int(counted[0]) if counted else 0
        connection.execute("DROP TABLE grouped")
    connection.close()
    return groups


if __name__ == "__main__":
    asked = asked_of("scan")
    limit_memory(asked.memory_gigabytes)
    with measured() as result:
        result["rows"] = scan(asked)
