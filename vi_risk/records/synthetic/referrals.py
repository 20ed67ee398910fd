"""Referrals to services outside the hospital: social prescribing, social care, falls, therapy and others."""

import numpy as np

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Values, log_rate_at, pick_each
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Events, Life, happen

_AGES = (0, 5, 18, 45, 65, 80, 95)
_RATES = (0.03, 0.03, 0.075, 0.085, 0.12, 0.34, 0.50)

_SERVICES = (
    *("social_prescribing", "social_care", "falls", "community_nursing", "therapy", "intermediate_care"),
    *("rehabilitation", "medicines_review", "memory", "mental_health", "palliative", "other"),
)
_UNDER_65 = (14, 3, 0.3, 3, 20, 0.5, 1, 3, 0.1, 22, 0.3, 10)
_FROM_65 = (8, 14, 8, 16, 18, 6, 3, 8, 4, 3, 1, 8)
_SERVICE_OF = {
    "copd": ("rehabilitation", 12),
    "coronary_heart_disease": ("rehabilitation", 8),
    "stroke": ("therapy", 10),
    "dementia": ("memory", 20),
    "depression": ("mental_health", 25),
    "severe_mental_illness": ("mental_health", 30),
    "cancer": ("palliative", 6),
    "parkinsons": ("falls", 12),
    "osteoporosis": ("falls", 8),
}


def referrals_written(rng: np.random.Generator, life: Life) -> Written:
    """Return referrals: the old, the ill and whoever was in hospital lately are referred more often."""
    log_rate = log_rate_at(life.age, _AGES, _RATES) + 0.45 * life.burden + 0.35 * life.frailty + 0.60 * life.unsettled
    events = happen(rng, life, log_rate)
    return Written(
        "referrals",
        events.person,
        {
            "referred_on": events.day,
            "service": _services(rng, life, events),
            "recorded_on": after(rng, events.day, 0, 7),
        },
    )


def _services(rng: np.random.Generator, life: Life, events: Events) -> Values:
    old = life.age[events.person, events.month] >= 65
    weights = np.where(old[:, None], np.array(_FROM_65), np.array(_UNDER_65))
    for name, (service, weight) in _SERVICE_OF.items():
        weights[:, _SERVICES.index(service)] += weight * (life.onsets[events.person, POSITION[name]] <= events.day)
    return np.array(_SERVICES, dtype=np.object_)[pick_each(rng, weights)]
