"""With which practice people are registered, as the extracts told it when they were pseudonymised.

A list says in a file beside it whose patient somebody is, and whoever may change that file may change what it says.
What stands here lies in the link table, encrypted and sealed with it, and a list is held against it before a number is
given back.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from vi_risk.cohort.people import EVERYONE
from vi_risk.records.linked import Records

PRACTICES = pa.schema(
    [
        ("nhs_number", pa.string()),
        ("practice_code", pa.string()),
        ("registered_from", pa.date32()),
        ("registered_to", pa.date32()),
    ]
)
_NO_DAY = date.min  # before all others, where a null would not compare


@dataclass(frozen=True, slots=True)
class Standing:
    """How people stand to one practice.

    Attributes
    ----------
    here
        NHS numbers of those whose practice it is.
    left
        Of those who were registered there, and have another practice by now.
    elsewhere
        Of those who have another practice, and of whom no extract said that they were ever registered there.
    unknown
        Of those of whom no practice is known.
    """

    here: frozenset[str] = field(default=frozenset(), repr=False)
    left: frozenset[str] = field(default=frozenset(), repr=False)
    elsewhere: frozenset[str] = field(default=frozenset(), repr=False)
    unknown: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Practices:
    """The latest registration of each person with each practice; printing it shows none of them.

    Attributes
    ----------
    rows
        One row per person and practice: ``nhs_number``, ``practice_code``, ``registered_from``, ``registered_to`` (null
        while it lasts). Of records without registrations, whose one list is that of everyone, ``practice_code`` is
        `EVERYONE`, without days.
    """

    rows: pa.Table = field(default_factory=PRACTICES.empty_table, repr=False)

    def with_more(self, more: "Practices") -> Self:
        """Return what is known after another extract, which counts for more than those before it.

        Of each person whom it names, it replaces all that was known with the practices that it holds; so the right
        extract mends what a wrong one said. What is known of other people, and of these with practices of which it
        holds nobody, stays: an extract may be of some practices alone.

        Of two registrations of one person with one practice in it the one that began later counts; of two of one day
        the one that has ended.
        """
        latest: dict[tuple[str, str], tuple[date, date]] = {}
        for number, practice, begun, ended in _registrations(more.rows):
            period = (begun or _NO_DAY, ended or _NO_DAY)
            latest[number, practice] = max(period, latest.get((number, practice), period))
        people, practices = {number for number, _ in latest}, {practice for _, practice in latest}
        for number, practice, begun, ended in _registrations(self.rows):
            if number not in people or practice not in practices:
                latest[number, practice] = (begun or _NO_DAY, ended or _NO_DAY)
        told = [(*who, *map(_day, period)) for who, period in sorted(latest.items())]
        return type(self)(
            pa.Table.from_pylist([dict(zip(PRACTICES.names, row, strict=True)) for row in told], schema=PRACTICES)
        )

    def standing(self, numbers: Collection[str], practice: str, *, on: date) -> Standing:
        """Return how people, by NHS number, stand to a practice on a day: what is still to come has not happened."""
        wanted = pc.is_in(self.rows["nhs_number"], pa.array(sorted(numbers), pa.string()))
        known: dict[str, list[dict[str, Any]]] = {number: [] for number in numbers}
        for row in self.rows.filter(wanted).to_pylist():
            known[row["nhs_number"]].append(row)
        found: dict[str, set[str]] = {"here": set(), "left": set(), "elsewhere": set(), "unknown": set()}
        for number, rows in known.items():
            found[_stands(rows, practice, on)].add(number)
        return Standing(**{how: frozenset(people) for how, people in found.items()})


def _registrations(rows: pa.Table) -> Iterator[tuple[str, str, date | None, date | None]]:
    return zip(*(rows[name].to_pylist() for name in PRACTICES.names), strict=True)


def _day(day: date) -> date | None:
    return None if day == _NO_DAY else day


def _stands(rows: Collection[Mapping[str, Any]], practice: str, on: date) -> str:
    """Return how somebody of these registrations stands to a practice: the name of an attribute of `Standing`."""
    if not rows:
        return "unknown"
    begun = [row for row in rows if (row["registered_from"] or _NO_DAY) <= on]
    if practice in _practices_on(on, begun):
        return "here"
    return "left" if any(row["practice_code"] == practice for row in begun) else "elsewhere"


def _practices_on(on: date, rows: Collection[Mapping[str, Any]]) -> set[str]:
    """Return the practices of one person: of the latest registration that lasts, else of the last one that ended.

    That a list goes by as well (`vi_risk.cohort.people`). Who has died or left the area stays with the last practice,
    for nobody else has taken over.
    """
    dated = [row for row in rows if row["practice_code"] != EVERYONE]
    lasting = [row for row in dated if row["registered_to"] is None or row["registered_to"] > on]
    if not lasting:
        last = max((row["registered_to"] for row in dated), default=None)
        lasting = [row for row in dated if row["registered_to"] == last]
    latest = max((row["registered_from"] or _NO_DAY for row in lasting), default=_NO_DAY)
    now = {row["practice_code"] for row in lasting if (row["registered_from"] or _NO_DAY) == latest}
    return now | ({EVERYONE} if len(dated) < len(rows) else set())


def practices_in(records: Records, number_of: Mapping[str, str]) -> Practices:
    """Return with which practices the people of pseudonymised records are registered.

    Parameters
    ----------
    number_of
        Pseudonym -> NHS number.
    """
    if records.has("registrations"):
        there = records.tables["registrations"]
        ended = there.registered_to if "registered_to" in there.columns else ibis.null("date")
        periods = {"registered_from": there.registered_from.cast("date"), "registered_to": ended.cast("date")}
        rows = there.select("patient_id", "practice_code", **periods).filter(there.practice_code.notnull())
    else:
        day = ibis.null("date")
        rows = records.tables["patients"].select(
            "patient_id", practice_code=ibis.literal(EVERYONE), registered_from=day, registered_to=day
        )
    found = rows.distinct().to_pyarrow()
    numbers = pa.array([number_of[pseudonym] for pseudonym in found["patient_id"].to_pylist()], pa.string())
    return Practices().with_more(Practices(found.set_column(0, "nhs_number", numbers)))
