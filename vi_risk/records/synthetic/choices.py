"""What people and teams chose: objections to the use of their records, and MDT reviews where they are given."""

import numpy as np

from vi_risk.records.synthetic.draws import Rows
from vi_risk.records.synthetic.effects import Reviews
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import Days

# Shares of people; of England some 5 % have opted out nationally, of Wolverhampton fewer.
_SHARES = {"type_1": 0.02, "national_data_opt_out": 0.035, "risk_stratification": 0.004}
_SHARE_OF_ONE_ALSO_ANOTHER = 0.35
_FIRST_OBJECTIONS = np.datetime64("2018-05-25")  # the national data opt-out began then


def objections_written(rng: np.random.Generator, life: Life) -> Written:
    """Return objections: few people have one, some of these have another; each holds from a day of their life here."""
    persons = len(life.people)
    earliest = np.maximum(life.people.registered_from, _FIRST_OBJECTIONS)
    latest = np.fmin(np.fmin(life.people.left_on - 1, life.died_on), life.months.last_day)
    objects_to_one = np.zeros(persons, dtype=bool)
    person, day, kind = [], [], []
    for name, share in _SHARES.items():
        chance = np.where(objects_to_one, _SHARE_OF_ONE_ALSO_ANOTHER, share)
        objects = (rng.random(persons) < chance) & (earliest <= latest)
        objects_to_one |= objects
        who: Rows = np.flatnonzero(objects)
        days = (latest[who] - earliest[who]).astype(np.int64) + 1
        since: Days = earliest[who] + (rng.random(len(who)) * days).astype(np.int64)
        person.append(who)
        day.append(since)
        kind.append(np.full(len(who), name, dtype=np.object_))
    since = np.concatenate(day)
    return Written(
        "objections",
        np.concatenate(person),
        {"kind": np.concatenate(kind), "objected_from": since, "recorded_on": after(rng, since, 0, 7)},
    )


def reviews_written(reviews: Reviews) -> Written:
    """Return the MDT reviews as they were given."""
    return Written("mdt_reviews", reviews.person, {"reviewed_on": reviews.day, **reviews.details})
