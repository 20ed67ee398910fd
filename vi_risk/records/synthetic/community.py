"""Community services: contacts of the teams that see people at home or in clinics."""

import numpy as np

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Menu, Values, log_rate_at, pick_each
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Events, Life, happen

_AGES = (0, 5, 18, 45, 60, 70, 80, 90, 97)
_RATES = (0.45, 0.25, 0.17, 0.34, 0.65, 1.3, 3.2, 7.2, 8.8)
_LOG_SD_OF_CASELOAD = 1.2  # most of the old are on no caseload, some are seen every week
_MOST_LOG_RATE = 5.0
_ATTENDED = Menu.of(("5", 0.93), ("6", 0.01), ("3", 0.03), ("2", 0.02), ("4", 0.01))

_TEAMS = (
    *("district_nursing", "community_matron", "physiotherapy", "occupational_therapy", "falls"),
    *("heart_failure", "respiratory", "palliative", "rapid_response", "other"),
)
_UNDER_65 = (10, 1, 22, 6, 0.2, 0.2, 0.5, 0.5, 1, 20)
_FROM_65 = (46, 5, 12, 8, 3, 0.5, 1, 1, 3, 8)
_TEAM_OF = {
    "heart_failure": ("heart_failure", 9),
    "copd": ("respiratory", 9),
    "cancer": ("palliative", 4),
    "osteoporosis": ("falls", 3),
    "diabetes": ("district_nursing", 12),
}


def contacts_written(rng: np.random.Generator, life: Life) -> Written:
    """Return community contacts: few people have most of them."""
    caseload = rng.normal(-(_LOG_SD_OF_CASELOAD**2) / 2, _LOG_SD_OF_CASELOAD, len(life.people)).astype(np.float32)
    log_rate = (
        log_rate_at(life.age, _AGES, _RATES)
        + 0.60 * life.burden
        + 0.50 * life.frailty
        + 0.80 * life.unsettled
        + caseload[:, None]
    )
    events = happen(rng, life, np.minimum(log_rate, np.float32(_MOST_LOG_RATE)))
    return Written(
        "community_contacts",
        events.person,
        {
            "contact_on": events.day,
            "team_type": _teams(rng, life, events),
            "attended": _ATTENDED.draw(rng, len(events)),
            "recorded_on": after(rng, events.day, 1, 14),
        },
    )


def _teams(rng: np.random.Generator, life: Life, events: Events) -> Values:
    old = life.age[events.person, events.month] >= 65
    weights = np.where(old[:, None], np.array(_FROM_65), np.array(_UNDER_65))
    for name, (team, weight) in _TEAM_OF.items():
        weights[:, _TEAMS.index(team)] += weight * (life.onsets[events.person, POSITION[name]] <= events.day)
    return np.array(_TEAMS, dtype=np.object_)[pick_each(rng, weights)]
