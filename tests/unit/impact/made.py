"""Practices drawn at random, for intervals to be held against what is known of them."""

from datetime import date

import numpy as np
import pandas as pd

from vi_risk.impact.panel import Panel

MONTHS = 60
_PLACE = 99  # sizes and levels are those of one place: what is drawn anew is chance


def drawn(seed: int, *, joined: int, never: int, effect: float = 0.0) -> Panel:
    """A place in which practices, of 400 to 4,000 people, join from the 20th month on, each by itself.

    Their rates drift up and down for some months (autoregression, 0.6) beside chance (Poisson), and share the seasons.
    """
    rng, place = np.random.default_rng(seed), np.random.default_rng(_PLACE)
    month = np.arange(MONTHS)
    starts = [*np.linspace(20, 44, joined).astype(int), *[np.nan] * never]
    rows = []
    for number, start in enumerate(starts):
        registered, level = place.uniform(400, 4000), place.normal(1, 0.2)
        apart = rng.normal(0, 0.1, MONTHS)
        for later in month[1:]:
            apart[later] = 0.6 * apart[later - 1] + 0.8 * apart[later]
        rate = level + apart + 0.2 * np.cos(month / 2) + effect * (month >= start)
        seen = rng.poisson(registered / 100 * np.maximum(0.05, rate))
        rows += [(f"P{number:02}", one, registered, int(seen[one]), start) for one in month]
    columns = ["practice_code", "month", "registered", "emergency_admissions", "joined"]
    months = tuple(date(2016 + one // 12, one % 12 + 1, 1) for one in range(MONTHS))
    return Panel(pd.DataFrame(rows, columns=columns), months, joined + never, ())
