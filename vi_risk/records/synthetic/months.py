"""The calendar of the records: months, how much of each lies within the records, and the season."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
DAYS_IN_YEAR = 365.25

# Half the log of winter over summer: December to February stand 6 % above June to August.
_SEASON = 0.032


@dataclass(frozen=True, slots=True)
class Months:
    """Calendar months from the first to the last day of the records, the outer two cut at these days."""

    starts: Days  # (months,) first day of each month that lies within the records
    lengths: NDArray[np.int64]  # (months,) days of each month that lie within the records

    @classmethod
    def between(cls, first_day: date, last_day: date) -> "Months":
        """Return the months that hold both days and all between."""
        first, end = np.datetime64(first_day, "D"), np.datetime64(last_day, "D") + 1
        calendar = np.arange(first.astype("datetime64[M]"), (end - 1).astype("datetime64[M]") + 1)
        starts = np.maximum(calendar.astype("datetime64[D]"), first)
        ends = np.minimum((calendar + 1).astype("datetime64[D]"), end)
        return cls(starts, (ends - starts).astype(np.int64))

    def __len__(self) -> int:
        """Return the number of months."""
        return len(self.starts)

    @property
    def first_day(self) -> np.datetime64:
        """First day of the records."""
        first: np.datetime64 = self.starts[0]
        return first

    @property
    def last_day(self) -> np.datetime64:
        """Last day of the records."""
        last: np.datetime64 = self.starts[-1] + (self.lengths[-1] - 1)
        return last

    @property
    def years(self) -> float:
        """Length of the records in years."""
        return float(self.lengths.sum()) / DAYS_IN_YEAR

    @property
    def season(self) -> NDArray[np.float64]:
        """Log ratio of emergencies in each month to the year's mean: highest in January, lowest in July."""
        calendar_month = self.starts.astype("datetime64[M]").astype(np.int64) % 12
        return _SEASON * np.cos(2 * np.pi * calendar_month / 12)
