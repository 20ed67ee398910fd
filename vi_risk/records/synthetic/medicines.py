"""Medicines: repeat prescriptions for long-term conditions, and short courses, issued by practices in the trust.

Every code is a presentation of the BNF code structure that stands in published prescribing data or measures of
OpenPrescribing; those with a strength were confirmed with it (NHS Business Services Authority, average daily
quantities of April 2016, and lists of the presentations issued most).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Menu, Rows, log_rate_at
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life, PersonMonths, happen
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.practice_record import seen_by_practice


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeat medicine: BNF code, quantity of one issue, and the share of people with a condition who take it."""

    bnf_code: str
    quantity: float
    share_of: dict[str, float]


REPEATS = (
    Repeat("0206020A0AAAAAA", 28, {"hypertension": 0.42}),  # amlodipine 5 mg tablets
    Repeat("0205051R0AAADAD", 28, {"hypertension": 0.38, "heart_failure": 0.45, "diabetes": 0.12}),  # ramipril
    Repeat("0202010B0AAABAB", 28, {"hypertension": 0.14}),  # bendroflumethiazide
    Repeat("0212000B0AAABAB", 28, {"coronary_heart_disease": 0.6, "diabetes": 0.5, "stroke": 0.5}),  # atorvastatin
    Repeat("0212000Y0AAADAD", 28, {"hypertension": 0.16, "peripheral_arterial_disease": 0.4}),  # simvastatin 40 mg
    Repeat("0209000A0AAABAB", 28, {"coronary_heart_disease": 0.65}),  # aspirin
    Repeat("0209000C0AAAAAA", 28, {"stroke": 0.5, "peripheral_arterial_disease": 0.5}),  # clopidogrel
    Repeat("0204000H0AAAMAM", 28, {"heart_failure": 0.6, "atrial_fibrillation": 0.5}),  # bisoprolol
    Repeat("0202020L0AABDBD", 28, {"heart_failure": 0.7, "chronic_kidney_disease": 0.12}),  # furosemide 40 mg
    Repeat("0202030S0AAAUAU", 28, {"heart_failure": 0.3, "liver_disease": 0.2}),  # spironolactone
    Repeat("0208020Z0AAABAB", 56, {"atrial_fibrillation": 0.55}),  # apixaban
    Repeat("0208020V0AAADAD", 28, {"atrial_fibrillation": 0.2}),  # warfarin 5 mg
    Repeat("0601022B0AAABAB", 56, {"diabetes": 0.65}),  # metformin 500 mg
    Repeat("0601021M0AAAHAH", 56, {"diabetes": 0.22}),  # gliclazide
    Repeat("0601012V0BBAEAD", 5, {"diabetes": 0.14}),  # insulin glargine
    Repeat("0301011R0AAAPAP", 1, {"asthma": 0.6, "copd": 0.75}),  # salbutamol inhaler
    Repeat("0302000C0AAABAB", 1, {"asthma": 0.5, "copd": 0.25}),  # beclometasone inhaler
    Repeat("0301020Q0AAAAAA", 30, {"copd": 0.5}),  # tiotropium
    Repeat("0403030Q0AAAAAA", 28, {"depression": 0.28}),  # sertraline 50 mg
    Repeat("0403030D0AAAAAA", 28, {"depression": 0.18, "dementia": 0.12}),  # citalopram 20 mg
    Repeat("040201060AAALAL", 28, {"severe_mental_illness": 0.4}),  # olanzapine
    Repeat("0411000D0AAABAB", 28, {"dementia": 0.4}),  # donepezil
    Repeat("0408010A0AAAAAA", 60, {"epilepsy": 0.5}),  # levetiracetam
    Repeat("0409010N0AAAAAA", 84, {"parkinsons": 0.75}),  # co-careldopa
    Repeat("1001030U0AAABAB", 24, {"rheumatoid_arthritis": 0.5}),  # methotrexate
    Repeat("0407020Q0AAA2A2", 60, {"cancer": 0.12}),  # morphine
    Repeat("0103050P0AAAAAA", 28, {"coronary_heart_disease": 0.4, "rheumatoid_arthritis": 0.4, "obesity": 0.12}),
    Repeat("0103050L0AAAAAA", 28, {"stroke": 0.3, "hypertension": 0.08, "depression": 0.08}),  # lansoprazole
    Repeat("0602010V0AABZBZ", 28, {"hypertension": 0.07, "depression": 0.04, "diabetes": 0.07}),  # levothyroxine
    Repeat("0407020C0AAAAAA", 28, {"depression": 0.06, "osteoporosis": 0.12, "obesity": 0.04}),  # codeine
)
_ISSUES_PER_YEAR = 12.5

SHORT_COURSES = Menu.of(
    ("0501013B0AAAAAA", 0.36),  # amoxicillin 250 mg
    ("0501130R0AAAAAA", 0.12),  # nitrofurantoin
    ("0603020T0AAACAC", 0.12),  # prednisolone 5 mg
    ("0407010H0AAAMAM", 0.30),  # paracetamol 500 mg
    ("0407020C0AAAAAA", 0.10),  # codeine
)
_COURSE_QUANTITIES = (15.0, 21.0, 28.0, 32.0, 56.0, 100.0)
_COURSE_AGES = (0, 3, 10, 20, 50, 70, 85)
_COURSE_RATES = (2.0, 1.6, 0.9, 1.2, 1.8, 2.8, 3.6)


def prescriptions_written(rng: np.random.Generator, life: Life, place: Place) -> Written:
    """Return issues of medicines."""
    parts = [_repeats(rng, life, place, medicine) for medicine in REPEATS]
    parts.append(_short_courses(rng, life, place))
    person, day, code, quantity = (np.concatenate([part[at] for part in parts]) for at in range(4))
    return Written(
        "prescriptions",
        person,
        {"issued_on": day, "bnf_code": code, "quantity": quantity, "recorded_on": after(rng, day, 0, 7)},
    )


Issues = tuple[Rows, Days, NDArray[np.object_], NDArray[np.float64]]


def _repeats(rng: np.random.Generator, life: Life, place: Place, medicine: Repeat) -> Issues:
    # Whoever takes a medicine has taken it since the earliest condition that it was started for.
    since = np.full(len(life.people), np.datetime64("9999-12-31"), dtype="datetime64[D]")
    for name, share in medicine.share_of.items():
        onset = life.onsets[:, POSITION[name]]
        takes = ~np.isnat(onset) & (rng.random(len(since)) < share)
        since[takes] = np.minimum(since[takes], onset[takes])
    takers = np.flatnonzero(since <= life.months.last_day)
    expected = _ISSUES_PER_YEAR * life.days[takers] / DAYS_IN_YEAR * (since[takers, None] <= life.months.starts)
    counts = rng.binomial(2, np.minimum(expected / 2, 1))
    who, month = np.nonzero(counts)
    times = counts[who, month]
    person, month = takers[np.repeat(who, times)], np.repeat(month, times)
    offset = life.first_offset[person, month] + (rng.random(len(person)) * life.days[person, month]).astype(np.int64)
    return _issues(life, place, person, life.months.starts[month] + offset, medicine.bnf_code, medicine.quantity)


def _short_courses(rng: np.random.Generator, life: Life, place: Place) -> Issues:
    log_rate: PersonMonths = (
        log_rate_at(life.age, _COURSE_AGES, _COURSE_RATES)
        + 0.40 * life.burden
        + 0.35 * life.frailty
        + 0.25 * life.unsettled
    )
    events = happen(rng, life, log_rate)
    rows = len(events)
    quantity = np.array(_COURSE_QUANTITIES)[rng.integers(0, len(_COURSE_QUANTITIES), rows)]
    return _issues(life, place, events.person, events.day, SHORT_COURSES.draw(rng, rows), quantity)


def _issues(
    life: Life,
    place: Place,
    person: Rows,
    day: Days,
    code: NDArray[np.object_] | str,
    quantity: NDArray[np.float64] | float,
) -> Issues:
    seen = seen_by_practice(life, place, person, day)
    codes = np.broadcast_to(np.array(code, dtype=np.object_), len(person))
    return person[seen], day[seen], codes[seen], np.broadcast_to(quantity, len(person))[seen]
