"""The emergency department: attendances that end in admission, and the many more that do not."""

import numpy as np

from vi_risk.records.synthetic.draws import Menu, log_rate_at, logistic, missing_at, pick
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life, happen
from vi_risk.records.synthetic.months import DAYS_IN_YEAR
from vi_risk.records.synthetic.spells import Spells

_AGES = (0, 2, 5, 12, 20, 30, 50, 70, 80, 90)
_RATES = (0.42, 0.36, 0.20, 0.16, 0.21, 0.175, 0.13, 0.115, 0.16, 0.21)
_LOG_SD_OF_HABIT = 0.6  # some people come often, whatever their health

_DEPARTMENT = Menu.of(("01", 0.72), ("02", 0.04), ("03", 0.17), ("04", 0.05), ("05", 0.02))
_ADMITTING_DEPARTMENT = Menu.of(("01", 0.93), ("02", 0.01), ("05", 0.06))
_CATEGORY = Menu.of(("1", 0.94), ("2", 0.03), ("3", 0.01), ("4", 0.02))
_DISPOSAL = Menu.of(
    *(("02", 0.44), ("03", 0.34), ("04", 0.09), ("11", 0.03), ("12", 0.06), ("13", 0.01), ("07", 0.01), ("14", 0.02))
)
_ACUITY = Menu.of(("1", 0.003), ("2", 0.07), ("3", 0.30), ("4", 0.52), ("5", 0.107))
_ADMITTED_ACUITY = Menu.of(("1", 0.03), ("2", 0.33), ("3", 0.52), ("4", 0.11), ("5", 0.01))
_ACUITY_MISSING = 0.12
_ARRIVAL_MISSING = 0.02
_ARRIVALS_BY_HOUR = (30, 25, 21, 18, 16, 16, 20, 30, 48, 66, 75, 77, 74, 71, 69, 68, 68, 69, 69, 67, 62, 55, 46, 38)


def attendances_written(rng: np.random.Generator, life: Life, spells: Spells) -> Written:
    """Return attendances: one on the day of each spell admitted from the department, and those that went home."""
    habit = rng.normal(-(_LOG_SD_OF_HABIT**2) / 2, _LOG_SD_OF_HABIT, len(life.people))
    log_rate = (
        log_rate_at(life.age, _AGES, _RATES)
        + 0.40 * life.burden
        + 0.40 * life.frailty
        + 0.50 * life.unsettled
        + habit[:, None].astype(np.float32)
        + (0.30 * (10 - life.people.imd_decile) / 9)[:, None].astype(np.float32)
    )
    home = happen(rng, life, log_rate)
    admitted_from_here = spells.method == "21"
    person = np.concatenate([spells.person[admitted_from_here], home.person])
    day = np.concatenate([spells.admitted_on[admitted_from_here], home.day])
    rows = len(person)
    admitted = np.arange(rows) < int(admitted_from_here.sum())
    minutes = pick(rng, _ARRIVALS_BY_HOUR, rows) * 60 + rng.integers(0, 60, rows)
    age = (day - life.people.born_on[person]).astype(np.float64) / DAYS_IN_YEAR
    by_ambulance = rng.random(rows) < logistic(-2.3 + 0.025 * age + 1.3 * admitted)
    acuity = np.where(admitted, _ADMITTED_ACUITY.draw(rng, rows), _ACUITY.draw(rng, rows))
    return Written(
        "ed_attendances",
        person,
        {
            "arrived_at": (day.astype("datetime64[m]") + minutes).astype("datetime64[us]"),
            "department_type": np.where(admitted, _ADMITTING_DEPARTMENT.draw(rng, rows), _DEPARTMENT.draw(rng, rows)),
            "attendance_category": np.where(admitted, "1", _CATEGORY.draw(rng, rows)),
            "arrival_mode": missing_at(rng, np.where(by_ambulance, "1", "2").astype(np.object_), _ARRIVAL_MISSING),
            "acuity": missing_at(rng, acuity, _ACUITY_MISSING),
            "disposal": np.where(admitted, "01", _DISPOSAL.draw(rng, rows)),
            "recorded_on": after(rng, day, 0, 3),
        },
        numbered="A",
    )
