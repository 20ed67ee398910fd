"""The true risk: how probable an emergency admission is, given the hidden state of a person on an index date.

It is worked out, not drawn, so that asking for it changes no record and it has no error of sampling. Until the first
emergency a person's aftermath of earlier ones only fades, so that what is left unknown are frailty and conditions to
come. Within month m of the horizon, with yearly rates of emergency e, last illness d and leaving l, admission ratio r,
share h of last illnesses that begin in hospital and length t,

    event = r * e + r * h * d        risk += still * event / total * (1 - exp(-total * t))
    total = r * e + d + l           still *= exp(-total * t)

and the risk is the mean of this over the course that frailty may take.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vi_risk.errors import UsageError
from vi_risk.records.synthetic.conditions import chance_of_onset
from vi_risk.records.synthetic.draws import Rows, Values
from vi_risk.records.synthetic.effects import Ratios
from vi_risk.records.synthetic.hazards import (
    AFTERMATH,
    AFTERMATH_KEPT,
    AFTERMATH_PER_FRAILTY,
    DEATH_PER_FRAILTY,
    EMERGENCY_PER_FRAILTY,
    FRAILTY_KEPT,
    SHARE_DYING_IN_HOSPITAL,
    burdens,
    death_rate,
    emergency_rate,
    log_rates_by_age,
    new_conditions,
    onset_days,
    personal_log_rates,
)
from vi_risk.records.synthetic.hospital import Stays
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days, Months
from vi_risk.records.synthetic.population import MOVES_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

TRUTH_SCHEMA = pa.schema(
    [
        ("patient_id", pa.string()),
        ("index_date", pa.date32()),
        ("outcome", pa.string()),
        ("horizon_days", pa.int64()),
        ("true_risk", pa.float64()),
    ]
)
OUTCOME = "emergency_admission"
HORIZON_DAYS = 365
_NODES = 9  # courses of frailty over which the risk is averaged


@dataclass(frozen=True, slots=True)
class State:
    """The hidden state on an index date of everybody alive and registered that day."""

    person: Rows
    frailty: NDArray[np.float64]
    aftermath: NDArray[np.float64]
    aftermath_next: NDArray[np.float64]  # a month later, where no emergency comes
    months_since: int  # from the month of the state to that of the index date
    in_hospital_until: Days  # NaT: not in hospital
    last_illness: NDArray[np.bool_]


def true_risks(
    life: Life,
    stays: Stays,
    ratios: Ratios,
    patient_id: Values,
    index_date: date,
    horizon_days: int = HORIZON_DAYS,
) -> "pd.DataFrame":
    """Return the true risk of everybody alive and registered on an index date.

    One row per patient_id: the probability of an emergency admission in ``[index_date, index_date + horizon_days)``,
    before death and while living in the place. Reviews on or after the index date are not foreseen; practices' joining
    is. A person in hospital can be admitted anew once that stay, whose length counts as known, has ended; one whose
    last illness has begun cannot.

    Raises
    ------
    UsageError
        An index date outside the records (the day after the last still has a state), or a horizon below one day.
    """
    day = np.datetime64(index_date, "D")
    if not life.months.first_day <= day <= life.months.last_day + 1:
        raise UsageError(
            f"index_date: expected a day from {life.months.first_day} to {life.months.last_day + 1}, got {index_date}. "
            "The hidden state is known within the records; let them run until the day before."
        )
    if horizon_days < 1:
        raise UsageError(f"horizon_days: expected at least 1, got {horizon_days}. A year is {HORIZON_DAYS}.")
    import pandas as pd  # noqa: PLC0415

    state = state_on(life, stays, day)
    risk = risk_from(life, ratios, state, day, horizon_days)
    return pd.DataFrame(
        {
            "patient_id": pd.Series(patient_id[state.person], dtype="str"),
            "index_date": pd.Series([index_date] * len(risk), dtype="date32[pyarrow]"),
            "outcome": pd.Series([OUTCOME] * len(risk), dtype="str"),
            "horizon_days": pd.Series(np.full(len(risk), horizon_days), dtype="Int64"),
            "true_risk": risk,
        }
    )


def state_on(life: Life, stays: Stays, day: np.datetime64) -> State:
    """Return the hidden state on a day within the records, or on the day after them."""
    people, months = life.people, life.months
    gone = (people.left_on <= day) | (life.died_on <= day)
    person = np.flatnonzero((np.maximum(people.registered_from, people.present_from) <= day) & ~gone)
    month = int(np.searchsorted(months.starts, day, side="right")) - 1
    months_since = int((day.astype("datetime64[M]") - months.starts[month].astype("datetime64[M]")).astype(np.int64))

    came = life.emergencies
    recent = np.bincount(came.person[(came.month == month) & (came.day < day)], minlength=len(people))[person]
    aftermath = np.expm1(life.unsettled[person, month].astype(np.float64))
    aftermath_next = AFTERMATH_KEPT * aftermath + AFTERMATH * recent
    if months_since:
        aftermath, aftermath_next = aftermath_next, AFTERMATH_KEPT * aftermath_next

    in_hospital_until = np.full(len(people), np.datetime64("NaT"), dtype="datetime64[D]")
    open_stay = np.flatnonzero((stays.admitted_on < day) & (stays.discharged_on >= day))
    in_hospital_until[stays.person[open_stay]] = stays.discharged_on[open_stay]
    return State(
        person=person,
        frailty=life.frailty[person, month].astype(np.float64),
        aftermath=aftermath,
        aftermath_next=aftermath_next,
        months_since=months_since,
        in_hospital_until=in_hospital_until[person],
        last_illness=life.last_illness_from[person] < day,
    )


def risk_from(life: Life, ratios: Ratios, state: State, day: np.datetime64, horizon_days: int) -> NDArray[np.float64]:
    """Return the probability of an emergency admission within the horizon of each person of a state."""
    people, person = life.people, state.person
    window = Months.between(day.astype(date), (day + (horizon_days - 1)).astype(date))
    people_at = _PeopleAt(life, ratios, state, day, horizon_days)
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    course, unexplained = _courses(len(window), state.months_since)

    still = np.ones((_NODES, len(person)))
    risk = np.zeros(len(person))
    aftermath = state.aftermath
    for month, (start, days) in enumerate(zip(window.starts, window.lengths, strict=True)):
        emergency_log, death_log = people_at.log_rates(start)
        ratio, exposed = people_at.ratio(start, int(days)), people_at.exposed(start, int(days))
        mean = FRAILTY_KEPT ** (month + state.months_since) * state.frailty
        for node, point in enumerate(points):
            frailty = mean + point * course[month]
            spread = unexplained[month] / 2
            emergency = emergency_rate(
                emergency_log + EMERGENCY_PER_FRAILTY**2 * spread,
                frailty,
                aftermath * np.exp(AFTERMATH_PER_FRAILTY**2 * spread),
                window.season[month],
            )
            death = death_rate(death_log + DEATH_PER_FRAILTY**2 * spread, frailty, aftermath, window.season[month])
            event = ratio * exposed * (emergency + SHARE_DYING_IN_HOSPITAL * death)
            total = ratio * exposed * emergency + death + people.leaving_rate[person]
            ends = -np.expm1(-total * days / DAYS_IN_YEAR)
            risk += weights[node] * still[node] * event / total * ends
            still[node] *= 1 - ends
        aftermath = AFTERMATH_KEPT * aftermath if month else state.aftermath_next
    risk /= weights.sum()
    risk[state.last_illness] = 0
    return risk


class _PeopleAt:
    """What the hazards of the people of a state read in each month of the horizon, frailty and aftermath apart."""

    def __init__(self, life: Life, ratios: Ratios, state: State, day: np.datetime64, horizon_days: int) -> None:
        self.people, self.person, self.day = life.people, state.person, day
        self.ratios, self.place = ratios, ratios.place
        self.horizon = np.timedelta64(horizon_days, "D")
        self.in_hospital_until = state.in_hospital_until
        onsets = life.onsets
        self.onsets = onset_days(np.where(onsets <= day, onsets, np.datetime64("NaT"))[self.person])
        chance = chance_of_onset(life.proneness, life.people, onsets, day, day + self.horizon)[self.person]
        self.new = new_conditions(chance, *burdens(self.onsets, day))
        self.personal = tuple(log_rates[self.person] for log_rates in personal_log_rates(life.people))
        days = np.broadcast_to(day, len(self.person))
        self.practice = life.people.practice_on(self.person, days)
        self.may_move = ~(life.people.moved_on[self.person] <= day)
        reviewed_on = ratios.reviews.until(day).latest(self.person, days)
        self.review_ends = reviewed_on + np.timedelta64(ratios.effects.review_days, "D")
        self.list_share = self.place.list_size / self.place.list_size.sum()

    def log_rates(self, start: np.datetime64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the log rates of emergency and of last illness in the month that begins with `start`."""
        age = ((start - self.people.born_on[self.person]).astype(np.float64) / DAYS_IN_YEAR).astype(np.float32)
        gone_by = max(float((start - self.day) / self.horizon), 0.0)
        practice = np.log(self._of_practice(np.exp(self.place.emergency_log_rate), start))
        by_age, burden = log_rates_by_age(age), burdens(self.onsets, start)
        emergency, death = (
            by_age[kind] + self.personal[kind] + burden[kind] + np.log1p(gone_by * self.new[kind]) for kind in (0, 1)
        )
        return emergency + practice, death

    def ratio(self, start: np.datetime64, days: int) -> NDArray[np.float64]:
        """Return the rate ratio of admission in a month: a review's effect by the share of the month that it lasts."""
        practices = np.arange(len(self.list_share))
        integration = self._of_practice(self.ratios.of_integration(practices, start), start)
        lasts = np.clip((self.review_ends - start).astype(np.float64) / days, 0, 1)
        lasts[np.isnat(self.review_ends)] = 0
        return np.asarray(integration * (1 + lasts * (self.ratios.effects.review - 1)))

    def exposed(self, start: np.datetime64, days: int) -> NDArray[np.float64]:
        """Return the share of a month on which each person is not still in the hospital stay of the index date."""
        inside = (self.in_hospital_until + 1 - start).astype(np.float64) / days
        inside[np.isnat(self.in_hospital_until)] = 0
        return np.asarray(1 - np.clip(inside, 0, 1))

    def _of_practice(self, value: NDArray[np.float64], start: np.datetime64) -> NDArray[np.float64]:
        # Of their own practice, or of any by the size of its list where they have moved by then.
        years = max(float((start - self.day) / np.timedelta64(1, "D")), 0.0) / DAYS_IN_YEAR
        moved = self.may_move * -np.expm1(-MOVES_PER_YEAR * years)
        return np.asarray((1 - moved) * value[self.practice] + moved * float(self.list_share @ value))


def _courses(months: int, months_since: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # The covariance of frailty over the months, given its state, split into its main course (one standard deviation
    # in each month) and the variance that this leaves unexplained.
    ahead = np.arange(months) + months_since
    earlier = np.minimum(ahead[:, None], ahead[None, :])
    covariance = FRAILTY_KEPT ** np.abs(ahead[:, None] - ahead[None, :]) * (1 - FRAILTY_KEPT ** (2 * earlier))
    values, vectors = np.linalg.eigh(covariance)
    course = np.sqrt(max(values[-1], 0.0)) * vectors[:, -1]
    return course, np.diag(covariance) - course**2
