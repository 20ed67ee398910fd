"""The last 24 months of a patient: when they met which service, as a small drawing, in words, and date by date.

A drawing is path data on a grid of days: one strip for each setting, a stroke for a contact, a bar for a stay or for
contacts that follow one another too closely to be told apart. The page scales it to whatever width there is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from types import MappingProxyType

import pandas as pd

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.wording import NOT_SEEN
from vi_risk.cohort.contacts import DAYS_OF_CONTACTS as DAYS
from vi_risk.cohort.contacts import SETTINGS as TABLE_OF
from vi_risk.reasons.sentences import ago, times

STRIP = 10  # height of a strip in the drawing, whose upper and lower unit stay empty
_INSIDE = STRIP - 2
_TOO_CLOSE = 3  # days: strokes nearer than this would run into one another

# In the order in which care escalates and comes home again.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "gp": "GP",
        "ed": "A&E",
        "admission": "Hospital",
        "outpatient": "Outpatients",
        "community": "Community",
    }
)
# setting -> the fact that is missing where this patient's part of the record is not seen
_FACT_OF: Mapping[str, str] = MappingProxyType({"gp": "last_gp_contact", "community": "community_caseload"})


@dataclass(frozen=True, slots=True)
class Strip:
    """One setting in the timeline of one patient.

    Attributes
    ----------
    count
        How often in words for the margin: a number, "none" or "not seen".
    path
        SVG path data in units of a day; 0 is the first day of the timeline.
    words
        The same for people who do not see the drawing.
    dates
        Every date, the latest first: "2025: 23, 14 Oct; 2 Sep. 2024: 30 Nov".
    """

    heading: str
    count: str
    path: str
    words: str
    dates: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The 24 months before the list date of one patient, a strip for each of `HEADINGS` in their order."""

    strips: tuple[Strip, ...]

    @property
    def path(self) -> str:
        """All strips as one drawing."""
        return "".join(strip.path for strip in self.strips)

    @property
    def words(self) -> str:
        """The whole in one sentence, for a screen reader."""
        return "; ".join(strip.words for strip in self.strips)


def timelines(case_list: CaseList) -> dict[str, Timeline]:
    """Return the timeline of every listed person, by patient_id; empty where the list holds no contacts at all.

    What lies outside the 730 days before the index date is left out. A setting of which no table was seen, or whose
    fact is missing for the person, is told as not seen unless there are contacts in it.
    """
    if case_list.contacts.empty:
        return {}
    index_date = case_list.about.index_date
    seen = _settings_seen(case_list)
    stays = _stays(case_list.contacts, index_date)
    unseen: dict[str, list[str]] = {
        setting: case_list.table.loc[case_list.table[fact].isna(), "patient_id"].tolist()
        for setting, fact in _FACT_OF.items()
        if fact in case_list.table
    }
    return {
        patient: Timeline(
            tuple(
                _strip(
                    place,
                    setting,
                    stays.get((patient, setting), ()),
                    index_date,
                    is_seen=setting in seen and patient not in unseen.get(setting, ()),
                )
                for place, setting in enumerate(HEADINGS)
            )
        )
        for patient in case_list.table["patient_id"].tolist()
    }


def _settings_seen(case_list: CaseList) -> Collection[str]:
    told = {setting for setting, table in TABLE_OF.items() if table in case_list.about.data_to}
    return told | set(case_list.contacts["setting"].unique())


@dataclass(frozen=True, slots=True)
class _Stay:
    """A contact: the days, counted from the start of the timeline, on which it began and ended."""

    began: int
    ended: int
    lasts: bool = False  # in hospital at the list date


def _stays(contacts: pd.DataFrame, index_date: date) -> dict[tuple[str, str], Sequence[_Stay]]:
    """Return for each patient and setting its distinct contacts in order; one without an end is a day, or lasts."""
    start = pd.Timestamp(index_date - timedelta(days=DAYS))
    days = contacts[["patient_id", "setting"]].assign(
        began=(pd.to_datetime(contacts["began_on"]) - start).dt.days,
        ended=(pd.to_datetime(contacts["ended_on"]) - start).dt.days,
    )
    days["lasts"] = days["ended"].isna() & (days["setting"] == "admission")
    days["ended"] = days["ended"].mask(days["lasts"], DAYS - 1).fillna(days["began"])
    days = days[(days["began"] < DAYS) & (days["ended"] >= 0)].drop_duplicates()
    days["began"] = days["began"].clip(lower=0)
    days["ended"] = days["ended"].clip(upper=DAYS - 1)
    days = days.sort_values(["patient_id", "setting", "began", "ended"])
    rows_of_all = zip(*(days[column].tolist() for column in days), strict=True)  # several times faster than itertuples
    return {
        key: tuple(_Stay(int(began), int(ended), lasts) for _, _, began, ended, lasts in rows)
        for key, rows in groupby(rows_of_all, key=lambda row: (row[0], row[1]))
    }


def _strip(place: int, setting: str, stays: Sequence[_Stay], index_date: date, *, is_seen: bool) -> Strip:
    heading = HEADINGS[setting]
    if not stays:
        count = "none" if is_seen else NOT_SEEN
        return Strip(heading, count, "", f"{heading} {count}", "")
    return Strip(
        heading=heading,
        count=f"{len(stays):,}",
        path=_path(stays, top=place * STRIP + 1),
        words=f"{heading} {times(len(stays))}, {_last(setting, stays)}",
        dates=_dates(stays, index_date),
    )


def _last(setting: str, stays: Sequence[_Stay]) -> str:
    when = ago(DAYS - max(stay.ended for stay in stays))
    if setting != "admission":
        return f"the last {when}"
    nights = sum(stay.ended - stay.began for stay in stays)
    left = "still there" if any(stay.lasts for stay in stays) else f"left {when}"
    return f"{nights:,} {'night' if nights == 1 else 'nights'}, {left}"


def _path(stays: Sequence[_Stay], top: int) -> str:
    """Return strokes and bars; neighbours too close to be told apart become one bar, for the eye and for the size."""
    bars: list[tuple[int, int]] = []
    for stay in stays:
        if bars and stay.began - bars[-1][1] < _TOO_CLOSE:
            bars[-1] = (bars[-1][0], max(bars[-1][1], stay.ended))
        else:
            bars.append((stay.began, stay.ended))
    # Each is drawn from where the pen was left: a step is shorter than a place, and there are many patients.
    drawn, pen_x, pen_y = f"M0 {top}", 0, 0
    for began, ended in bars:
        up = f"-{pen_y}" if pen_y else " 0"
        if began == ended:
            drawn, pen_y = f"{drawn}m{began - pen_x}{up}v{_INSIDE}", _INSIDE
        else:
            drawn, pen_y = f"{drawn}m{began - pen_x}{up}h{ended - began}v{_INSIDE}H{began}z", 0
        pen_x = began
    return drawn


def _dates(stays: Sequence[_Stay], index_date: date) -> str:
    start = index_date - timedelta(days=DAYS)
    years: dict[int, dict[str, list[str]]] = {}
    for stay in reversed(stays):
        day = start + timedelta(days=stay.began)
        months = years.setdefault(day.year, {})
        if stay.ended > stay.began or stay.lasts:
            months[f"{day.day} {day:%b} ({_nights(stay)})"] = []
        else:
            months.setdefault(f"{day:%b}", []).append(str(day.day))
    in_words = [
        f"{year}: " + "; ".join(f"{', '.join(days)} {month}".lstrip() for month, days in months.items())
        for year, months in years.items()
    ]
    return ". ".join(in_words)


def _nights(stay: _Stay) -> str:
    nights = stay.ended - stay.began
    return f"{nights:,} {'night' if nights == 1 else 'nights'}{', still there' if stay.lasts else ''}"
