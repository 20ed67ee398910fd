"""What a workbook asks of a team, and how it says which list it is: written with every pack, read when it comes back.

The sheet `IDENTITY_SHEET` of a workbook is hidden. Each of its rows begins with its kind::

    vi_risk case list | 1
    list_id           | 3f2a...
    practice_code     | M92001
    index_date        | 2025-11-01
    model_version     | 91ec8b37a806
    heading           | decision | Decision                      column of a review, and the words over it
    owner             | GP                                       choice of the drop-down
    patient           | P-0001 | M92001 | frailty | medicines    pseudonym, practice, themes of the reasons
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Self

LIST_SHEET, IDENTITY_SHEET = "Case list", "vi_risk"
ANSWERS = ("decision", "owner", "plan", "review_on", "outcome_code")  # what a team writes, as the columns of a list

# Code of a decision, as in the record of reviews -> words of the drop-down.
DECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "accepted": "accept",
        "already_cared_for": "already in hand",
        "not_suitable": "not suitable",
        "declined": "person declined",
        "deferred": "defer",
    }
)
# The same, as told of a review that is over.
DECIDED: Mapping[str, str] = MappingProxyType({**DECISIONS, "accepted": "accepted", "deferred": "deferred"})
# What became of a plan. The codes are ours: no national list says this.
OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "under_way": "under way",
        "done": "done",
        "not_reached": "not reached",
        "person_declined": "person declined",
        "no_longer_needed": "no longer needed",
    }
)
# Who most often carries a plan. Any other words are taken too.
OWNERS = (
    "GP",
    "practice nurse",
    "community matron",
    "pharmacist",
    "social prescriber",
    "physiotherapist",
    "care coordinator",
    "palliative care team",
)

_FORMAT = ("vi_risk case list", "1")


@dataclass(frozen=True, slots=True)
class ListedPatient:
    """One person of a list: pseudonym, practice, and the themes of the reasons that stand beside the name."""

    patient_id: str
    practice_code: str
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListIdentity:
    """Which list a pack holds.

    Attributes
    ----------
    practice_code
        Of the list; that of a network's list is the name of the network.
    patients
        Those on the list, in order of rank.
    headings
        Column of a review (patient_id and `ANSWERS`) -> the words over it in the workbook.
    """

    practice_code: str
    index_date: date
    model_version: str
    patients: tuple[ListedPatient, ...]
    headings: Mapping[str, str]

    @property
    def list_id(self) -> str:
        """A name for the list by its content: the same people in the same order, of the same day and model."""
        people = [(person.patient_id, person.practice_code) for person in self.patients]
        content = json.dumps([self.practice_code, self.index_date.isoformat(), self.model_version, people])
        return sha256(content.encode()).hexdigest()[:16]

    def to_rows(self, owners: Iterable[str] = ()) -> list[tuple[str, ...]]:
        """Return the rows of the hidden sheet, all of them texts."""
        return [
            _FORMAT,
            ("list_id", self.list_id),
            ("practice_code", self.practice_code),
            ("index_date", self.index_date.isoformat()),
            ("model_version", self.model_version),
            *(("heading", column, words) for column, words in self.headings.items()),
            *(("owner", words) for words in owners),
            *(("patient", person.patient_id, person.practice_code, *person.themes) for person in self.patients),
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[str]]) -> Self:
        """Return the identity that `to_rows` wrote.

        Raises
        ------
        ValueError
            The rows are those of no list, or not those that were written.
        """
        single: dict[str, str] = {}
        headings: dict[str, str] = {}
        patients: list[ListedPatient] = []
        for kind, *texts in rows:
            if kind == "heading":
                headings[texts[0]] = texts[1]
            elif kind == "patient":
                patients.append(ListedPatient(texts[0], texts[1], tuple(text for text in texts[2:] if text)))
            elif texts:
                single[kind] = texts[0]
        if single.get(_FORMAT[0]) != _FORMAT[1] or set(headings) != {"patient_id", *ANSWERS}:
            raise ValueError("no list")
        found = cls(
            single.get("practice_code", ""),
            date.fromisoformat(single.get("index_date", "")),
            single.get("model_version", ""),
            tuple(patients),
            headings,
        )
        if found.list_id != single.get("list_id"):
            raise ValueError("changed")
        return found
