"""What records may be used for, as it travels with them: settled at the door, asked for wherever they are used.

The values alone: `vi_risk.governance` makes them of a governance file, and leaves out what they do not permit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from vi_risk.records.tables import TABLES

ALWAYS_LEFT_OUT = "risk_stratification"  # whoever objects to being risk stratified: no approval changes that


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many people, rows or values one rule kept from being used."""

    rule: str
    of: Literal["people", "rows", "values"]
    number: int


@dataclass(frozen=True, slots=True)
class Permission:
    """What a site may do with records, and what was left out of them for it.

    Attributes
    ----------
    words
        Purpose, legal basis and approval in one line; empty for records that are nobody's.
    tables
        Canonical tables that may be read. Objections always may, for they are there to be honoured.
    objections
        Kind of objection -> reference of the approval by which these people are included; None leaves them out.
    sensitive
        Kinds of sensitive codes that may be used (`vi_risk.records.codes.SENSITIVE_KIND`, and a site's own).
    shown_on_lists
        Of these, the kinds that a list may name.
    refused
        Kind of sensitive codes that may not be used -> its (system, code) pairs, plain.
    scores, lists
        Whether people may be scored one by one, and named on a list.
    fewer_than, round_to
        How numbers of people are told: from 1 up to the first as "fewer than", others to the nearest of the second.
    ends
        Last day of the approval; None where none is needed.
    retention_months
        Months for which what was made may be kept, after the date of the list or the day of reading, the later one.
    read_on
        Day on which the records were read under the permission; None where it permits for ever.
    left_out
        What the rules left out so far.
    objectors_left_out_at
        Day whose knowledge of objections has been applied; None where it has not.
    objectors
        Practice code -> its registered people who were left out for an objection, 0 among them; empty where the records
        hold no objections or no registrations.
    """

    words: str = ""
    purpose: str = ""
    tables: frozenset[str] = frozenset(TABLES)
    objections: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({ALWAYS_LEFT_OUT: None}))
    sensitive: frozenset[str] = frozenset()
    shown_on_lists: frozenset[str] = frozenset()
    refused: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=lambda: MappingProxyType({}))
    scores: bool = True
    lists: bool = True
    fewer_than: int = 8
    round_to: int = 5
    ends: date | None = None
    retention_months: int | None = None
    read_on: date | None = field(default=None, compare=False)  # the same permission tomorrow
    left_out: tuple[LeftOut, ...] = ()
    objectors_left_out_at: date | None = None
    objectors: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def nobodys(self) -> bool:
        """Whether the records are of nobody who lives, so that no purpose had to be said."""
        return not self.purpose

    @property
    def kinds_left_out(self) -> tuple[str, ...]:
        """Kinds of objection that keep a person's records from being used."""
        return tuple(kind for kind, approval in self.objections.items() if approval is None)


# Of records that are nobody's: the synthetic trust, and those that tests make up.
NOBODYS = Permission()
