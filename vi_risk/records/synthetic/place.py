"""The place: GP practices, when each joined the trust, and the neighbourhoods that their patients live in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.draws import Rows, Values, pick
from vi_risk.records.synthetic.months import Days, Months

IMD_EDITION = "2019"
_PATIENTS_PER_PRACTICE = 2_000
_PATIENTS_PER_NEIGHBOURHOOD = 1_500
_FEWEST_PRACTICES = 8
_PRACTICES_PER_NETWORK = 4
_SHARE_JOINING = 0.75
FIRST_JOINING = np.datetime64("2016-06-01")  # the first practices joined the Royal Wolverhampton NHS Trust then
_DAYS_OF_JOINING = 730  # records that begin later than this after the first joining find most practices in the trust
_STRETCH = 0.2  # standard deviation of where a practice's patients live, of the length of the place
_LOG_SD_OF_PRACTICE_RATES = 0.24

# Just over half of the neighbourhoods of Wolverhampton lie in the most deprived fifth of England.
_DECILE_SHARES = (0.28, 0.25, 0.13, 0.09, 0.07, 0.06, 0.05, 0.035, 0.025, 0.01)

_FIRST_NAMES = (
    *("Ash Tree", "Bridge Street", "Castle", "Dovecote", "Elm Grove", "Forge", "Greenfields", "Hilltop"),
    *("Ivy House", "Jubilee", "Kingfisher", "Lock Keeper's", "Mill Lane", "Newfield", "Orchard", "Park View"),
)
_LAST_NAMES = ("Surgery", "Medical Practice", "Health Centre", "Family Practice", "Medical Centre", "Group Practice")
_NETWORKS = ("North", "East", "South", "West", "Central")


@dataclass(frozen=True, slots=True)
class Place:
    """Practices and neighbourhoods; every practice draws most of its patients from a stretch of neighbourhoods."""

    practice_code: Values
    practice_name: Values
    network: Values
    integrated_from: Days  # NaT: outside the trust
    list_size: NDArray[np.float64]  # relative
    emergency_log_rate: NDArray[np.float64]  # how far its patients' emergency rate lies from what they are
    contact_log_rate: NDArray[np.float64]  # how easily its patients get an appointment
    lsoa: Values
    imd_decile: Rows

    def neighbourhood_of(self, rng: np.random.Generator, practice: Rows) -> Rows:
        """Draw where a practice's patients live: around its own stretch of neighbourhoods."""
        around = (practice + 0.5) / len(self.practice_code) + rng.normal(0, _STRETCH, len(practice))
        around = np.abs(around) % 2  # reflected at the edges of the place
        around = np.minimum(around, 2 - around)
        return np.minimum((around * len(self.lsoa)).astype(np.int64), len(self.lsoa) - 1)


def draw_place(rng: np.random.Generator, patients: int, months: Months) -> Place:
    """Draw practices (about one for 2,000 patients, never fewer than eight) and neighbourhoods."""
    practices = max(_FEWEST_PRACTICES, round(patients / _PATIENTS_PER_PRACTICE))
    neighbourhoods = max(10, round(patients / _PATIENTS_PER_NEIGHBOURHOOD))
    drawn = rng.normal(size=practices)
    list_size = rng.lognormal(0, 0.3, practices)
    number = range(practices)
    networks = -(-practices // _PRACTICES_PER_NETWORK)
    return Place(
        practice_code=np.array([f"Z{n + 1:05d}" for n in number], dtype=np.object_),
        practice_name=np.array([_practice_name(n) for n in number], dtype=np.object_),
        network=np.array([_network_name(n % networks) for n in number], dtype=np.object_),
        integrated_from=_joining_days(rng, practices, months),
        list_size=list_size,
        emergency_log_rate=_LOG_SD_OF_PRACTICE_RATES * (drawn - drawn.mean()) / drawn.std(),
        contact_log_rate=rng.normal(0, 0.1, practices),
        lsoa=np.array([f"E0199{n + 1:04d}" for n in range(neighbourhoods)], dtype=np.object_),
        imd_decile=_deciles(list_size, neighbourhoods),
    )


def _practice_name(number: int) -> str:
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    last = _LAST_NAMES[(number + number // len(_FIRST_NAMES)) % len(_LAST_NAMES)]
    round_of_names = number // (len(_FIRST_NAMES) * len(_LAST_NAMES))
    return f"{first} {last}" + (f" {round_of_names + 1}" if round_of_names else "")


def _network_name(number: int) -> str:
    round_of_names = number // len(_NETWORKS)
    return f"{_NETWORKS[number % len(_NETWORKS)]} network" + (f" {round_of_names + 1}" if round_of_names else "")


def _deciles(list_size: NDArray[np.float64], neighbourhoods: int) -> Rows:
    # By how many people are expected to live in each, so that the shares are shares of people.
    at = (np.arange(neighbourhoods) + 0.5) / neighbourhoods
    centre = (np.arange(len(list_size)) + 0.5) / len(list_size)
    images = np.stack([at, -at, 2 - at])  # those who would live beyond an edge live as far on this side of it
    people = (np.exp(-(((images[:, :, None] - centre) / _STRETCH) ** 2) / 2) @ list_size).sum(axis=0)
    shares = np.cumsum(_DECILE_SHARES) / sum(_DECILE_SHARES)
    below = (np.cumsum(people) - people / 2) / people.sum()
    decile: Rows = np.searchsorted(shares, below, side="right") + 1
    return decile


def _joining_days(rng: np.random.Generator, practices: int, months: Months) -> Days:
    # Three quarters join, on first days of months from June 2016 on: most before the records begin, one in their
    # middle. Of records that begin about then, nobody can join before: joining is spread over the first four fifths.
    joining = round(practices * _SHARE_JOINING)
    days = int(months.lengths.sum())
    if months.first_day - FIRST_JOINING > np.timedelta64(_DAYS_OF_JOINING, "D"):
        latest = months.first_day - 90
        spread = np.append(_between(FIRST_JOINING, latest, joining - 1), months.first_day + days // 2)
    else:
        earliest = max(FIRST_JOINING, months.first_day)
        spread = _between(earliest, max(earliest, months.first_day + 4 * days // 5), joining)
    joined = np.full(practices, np.datetime64("NaT"), dtype="datetime64[D]")
    joined[rng.permutation(practices)[:joining]] = spread.astype("datetime64[M]").astype("datetime64[D]")
    joined[joined > months.last_day] = np.datetime64("NaT")
    return joined


def _between(first: np.datetime64, last: np.datetime64, number: int) -> Days:
    return first + (np.linspace(0, 1, number) * (last - first).astype(np.int64)).astype(np.int64)


def draw_practice(rng: np.random.Generator, place: Place, rows: int) -> Rows:
    """Draw a practice for each row, larger lists more often."""
    return pick(rng, place.list_size, rows)
