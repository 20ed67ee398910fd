"""Feeds that are not whole: months without a row, and practices whose tables begin late, fall silent or stop."""

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vi_risk.records.checks.findings import Fault, Finding, PracticeFeed
from vi_risk.records.linked import Records, event_date
from vi_risk.records.tables import TABLES, Table
from vi_risk.records.volume import Volume, months_between, possible, volumes_of

# Of many practices some month of some table is without a row by chance; with so many in a usual month, none is.
_REGULAR_ROWS = 20

# A practice's first month is often in part, and extracts come some weeks late.
_LATE_MONTHS = 3

_CODE_OF_A_PRACTICE = re.compile(r"[A-Z]\d{5}")  # as the Organisation Data Service gives them
_OTHER_CODE = "(code not of the usual form)"

_SILENCE_MEND = "Ask the source for these months: people are seen there as if nothing had happened to them."
_PRACTICE_MEND = "Ask for what is missing, or put integrated_from where the data begin: unseen time counts as zero."
_RULES: Mapping[Fault, str] = {
    "no rows": "have people but no row here",
    "late": f"begin more than {_LATE_MONTHS} months late",
    "silent": "have months without any row between others",
    "stopped": f"end more than {_LATE_MONTHS} months before the table does",
}


def silence_findings(
    records: Records, table: Table, volume: Volume | None, sound: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    """Yield the months in which a table that usually has rows has none: between others, or since some day."""
    if volume is None or table.may_be_empty or not volume.regular:
        return
    first, last = volume.seen_from(), volume.seen_to()
    span = months_between(first, last) + 1
    column = table.event or ""
    if silent := len(volume.silent(first, last)):
        yield Finding(table.name, column, "no row, between others", silent, span, "warning", _SILENCE_MEND, "months")
    stays = records.volume("spells") if "admitted_on" in sound.get("spells", frozenset()) else None
    since = 0 if stays is None else months_between(last, stays.seen_to())
    if since > _LATE_MONTHS:
        rule = "no row since the table ended, while there are stays in hospital"
        yield Finding(table.name, column, rule, since, span + since, "warning", _SILENCE_MEND, "months")


@dataclass(frozen=True, slots=True)
class _Practice:
    code: str
    people: int
    seen_from: date  # the later of its first registration and the day on which it joined the trust
    closed: date | None  # end of its last registration, where all have ended


def practice_feeds(
    records: Records, sound: Mapping[str, frozenset[str]]
) -> tuple[tuple[PracticeFeed, ...], dict[str, int]]:
    """Return the tables of practices that are not whole, and for each table how many practices could be judged."""
    practices = _practices(records, sound)
    feeds: list[PracticeFeed] = []
    judged: dict[str, int] = {}
    for name, table in TABLES.items():
        readable = {"patient_id", str(table.event)} <= sound.get(name, frozenset())
        if practices and table.held_by == "practice" and readable:
            found, judged[name] = _feeds_of(records, table, practices)
            feeds += found
    return tuple(feeds), judged


def _feeds_of(records: Records, table: Table, practices: Sequence[_Practice]) -> tuple[list[PracticeFeed], int]:
    whole, first = records.volume(table.name), records.seen_from(table.name)
    if whole is None or first is None:
        return [], 0
    last, volumes = whole.seen_to(), _volumes(records, table)
    feeds: list[PracticeFeed] = []
    judged = 0
    for practice in practices:
        begins, ends = max(practice.seen_from, first), min(practice.closed or last, last)
        regular = _usual_rows(practice, practices, volumes) >= _REGULAR_ROWS
        if not regular or months_between(begins, ends) <= _LATE_MONTHS:
            continue
        judged += 1
        everywhere = whole.silent(begins, ends)
        for fault, months in _faults(volumes.get(practice.code), begins, ends, everywhere):
            feeds.append(_feed(table.name, practice.code, fault, begins, volumes.get(practice.code), months))
    return feeds, judged


def practice_findings(feeds: Sequence[PracticeFeed], judged: Mapping[str, int]) -> Iterator[Finding]:
    """Yield how many practices of each table have which fault."""
    for name, practices in judged.items():
        for fault, rule in _RULES.items():
            number = sum(feed.table == name and feed.fault == fault for feed in feeds)
            if number:
                yield Finding(name, "", rule, number, practices, "warning", _PRACTICE_MEND, "practices")


def _practices(records: Records, sound: Mapping[str, frozenset[str]]) -> list[_Practice]:
    """Return the practices of the trust, each with its people and the day from which its tables are seen."""
    needed = {"patient_id", "practice_code", "registered_from", "registered_to"}
    if not needed <= sound.get("registrations", frozenset()):
        return []
    rows = records.tables["registrations"]
    dated = rows.filter(rows.practice_code.notnull(), possible(rows.registered_from))
    has_ended = possible(dated.registered_to).fill_null(False)
    counted = dated.group_by("practice_code").agg(
        people=dated.patient_id.nunique(),
        begun=dated.registered_from.min(),
        ended=dated.registered_to.max(where=has_ended),
        open=(~has_ended).any(),
    )
    found = counted.order_by("practice_code").to_pyarrow().to_pylist()
    joined = _joined(records, sound)
    return [
        _Practice(
            code=row["practice_code"],
            people=row["people"],
            seen_from=row["begun"] if joined is None else max(row["begun"], joined[row["practice_code"]]),
            closed=None if row["open"] else row["ended"],
        )
        for row in found
        if joined is None or row["practice_code"] in joined
    ]


def _joined(records: Records, sound: Mapping[str, frozenset[str]]) -> dict[str, date] | None:
    """Return the day on which each practice of the trust joined it; None where the records do not say."""
    if not {"practice_code", "integrated_from"} <= sound.get("practices", frozenset()):
        return None
    practices = records.tables["practices"]
    members = practices.filter(possible(practices.integrated_from), practices.practice_code.notnull())
    rows = members.select("practice_code", "integrated_from").to_pyarrow().to_pylist()
    return {row["practice_code"]: row["integrated_from"] for row in rows}


def _volumes(records: Records, table: Table) -> dict[str, Volume]:
    """Return the monthly volume of a table in each practice, a row counting where its person was registered then."""
    rows, periods = records.tables[table.name], records.tables["registrations"]
    events = rows.select(rows.patient_id, day=event_date(rows, str(table.event)))
    there = events.join(periods.select("patient_id", "practice_code", "registered_from", "registered_to"), "patient_id")
    then = (there.day >= there.registered_from) & (there.registered_to.isnull() | (there.day < there.registered_to))
    return volumes_of(there.filter(then), by="practice_code")


def _usual_rows(practice: _Practice, all_practices: Sequence[_Practice], volumes: Mapping[str, Volume]) -> float:
    """Return the rows of a usual month: the practice's own, or what others with as many people have."""
    if practice.code in volumes:
        return volumes[practice.code].usual
    rates = [volumes[other.code].usual / other.people for other in all_practices if other.code in volumes]
    return practice.people * statistics.median(rates) if rates else 0.0


def _faults(
    volume: Volume | None, begins: date, ends: date, silent_everywhere: frozenset[date]
) -> Iterator[tuple[Fault, int]]:
    """Yield what is wrong with a practice's rows, expected between two days, and of how many months."""
    if volume is None:
        yield "no rows", months_between(begins, ends) + 1
        return
    seen_from, seen_to = volume.seen_from(), volume.seen_to()
    if (late := months_between(begins, seen_from)) > _LATE_MONTHS:
        yield "late", late
    if silent := len(volume.silent(max(begins, seen_from), seen_to) - silent_everywhere):
        yield "silent", silent
    if (since := months_between(seen_to, ends)) > _LATE_MONTHS:
        yield "stopped", since


def _feed(table: str, code: str, fault: Fault, begins: date, volume: Volume | None, months: int) -> PracticeFeed:
    return PracticeFeed(
        table=table,
        practice=code if _CODE_OF_A_PRACTICE.fullmatch(code) else _OTHER_CODE,
        fault=fault,
        expected_from=f"{begins:%Y-%m}",
        first=None if volume is None else f"{volume.seen_from():%Y-%m}",
        last=None if volume is None else f"{volume.seen_to():%Y-%m}",
        silent_months=months,
    )
