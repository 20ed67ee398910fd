"""What people and teams chose: objections to the use of their records, and whom a team discussed."""

import numpy as np

from vi_risk.records.synthetic.draws import Menu, Rows, blank, log_rate_at
from vi_risk.records.synthetic.effects import Reviews
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life, happen
from vi_risk.records.synthetic.months import Days
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.population import NEVER
from vi_risk.records.synthetic.practice_record import seen_events

# Shares of people who object; of England some 5 % have opted out nationally.
_SHARES = {"type_1": 0.010, "national_data_opt_out": 0.030, "risk_stratification": 0.003}
_REVIEW_AGES = (18, 45, 65, 80, 95)
_REVIEW_RATES = (3e-5, 0.0012, 0.0045, 0.012, 0.018)
_MOST_REVIEWS_LOG_RATE = 1.0
_EARLIEST_LOOK_AGAIN, _LATEST_LOOK_AGAIN = 28, 91  # days after the meeting
_DECISION = Menu.of(
    *(("accepted", 0.55), ("already_cared_for", 0.20), ("not_suitable", 0.10), ("declined", 0.05), ("deferred", 0.10))
)
_OWNER = Menu.of(
    *(("community matron", 0.35), ("GP", 0.25), ("pharmacist", 0.15), ("social prescriber", 0.15), (None, 0.1))
)
_PLAN = Menu.of(
    *(("home visit and care plan", 0.4), ("structured medication review", 0.25), ("falls assessment", 0.15)),
    *(("social prescribing", 0.15), (None, 0.05)),
)

_FIRST_OBJECTIONS = np.datetime64("2018-05-25")  # the national data opt-out began then


def objections_written(rng: np.random.Generator, life: Life) -> Written:
    """Return objections: few people have one; it holds from a day on which they are registered here."""
    people = life.people
    earliest = np.maximum(people.registered_from, _FIRST_OBJECTIONS)
    latest = np.fmin(np.fmin(people.left_on - 1, life.died_on), life.months.last_day)
    objects = [np.flatnonzero((rng.random(len(people)) < share) & (earliest <= latest)) for share in _SHARES.values()]
    person: Rows = np.concatenate(objects)
    days = (latest[person] - earliest[person]).astype(np.int64) + 1
    since: Days = earliest[person] + (rng.random(len(person)) * days).astype(np.int64)
    kind = np.repeat(np.array(list(_SHARES), dtype=np.object_), [len(who) for who in objects])
    return Written("objections", person, {"kind": kind, "objected_from": since, "recorded_on": after(rng, since, 0, 7)})


def draw_reviews(rng: np.random.Generator, life: Life, place: Place) -> Reviews:
    """Draw the reviews that the trust's own teams held: of the frail, ill and unsettled, once a practice joined.

    Whom a team discusses follows from the hidden state that month and from age, and from no score.
    """
    log_rate = log_rate_at(life.age, _REVIEW_AGES, _REVIEW_RATES)
    log_rate = log_rate + 0.6 * life.burden + 0.8 * life.frailty + 0.9 * life.unsettled
    events = seen_events(life, place, happen(rng, life, np.minimum(log_rate, np.float32(_MOST_REVIEWS_LOG_RATE))))
    order = np.lexsort((events.day, events.person))
    person, day = events.person[order], events.day[order]
    first = np.ones(len(person), dtype=bool)  # a person is discussed once at a meeting
    first[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1])
    person, day = person[first], day[first]
    decision = _DECISION.draw(rng, len(person))
    acted, later = decision == "accepted", np.isin(decision.astype(str), ("accepted", "deferred"))
    look_again = day + rng.integers(_EARLIEST_LOOK_AGAIN, _LATEST_LOOK_AGAIN + 1, len(person))
    return Reviews(
        person,
        day,
        {
            "decision": decision,
            "owner": blank(_OWNER.draw(rng, len(person)), ~acted),
            "plan": blank(_PLAN.draw(rng, len(person)), ~acted),
            "review_on": np.where(later, look_again, NEVER),
        },
    )


def reviews_written(reviews: Reviews) -> Written:
    """Return the MDT reviews as they were drawn or given; one that does not say when it arrived did so on its day."""
    columns = {"recorded_on": reviews.day, **reviews.details, "reviewed_on": reviews.day}
    return Written("mdt_reviews", reviews.person, columns)
