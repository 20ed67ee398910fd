"""What people and teams chose: objections to the use of their records, and MDT reviews where they are given."""

import numpy as np

from vi_risk.records.synthetic.draws import Rows
from vi_risk.records.synthetic.effects import Reviews
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import Days

# Shares of people who object; of England some 5 % have opted out nationally.
_SHARES = {"type_1": 0.010, "national_data_opt_out": 0.030, "risk_stratification": 0.003}
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


def reviews_written(reviews: Reviews) -> Written:
    """Return the MDT reviews as they were given; one that does not say when it arrived did so on its day."""
    columns = {"recorded_on": reviews.day, **reviews.details, "reviewed_on": reviews.day}
    return Written("mdt_reviews", reviews.person, columns)
