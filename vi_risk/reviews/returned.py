"""A workbook that came back from a meeting: which list it is, and what was decided of whom."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.errors import InputError
from vi_risk.reviews.answers import AnswerError, day_of, decision_of, outcome_of, text_of, words_of
from vi_risk.reviews.form import ANSWERS, IDENTITY_SHEET, ListedPatient, ListIdentity
from vi_risk.reviews.list_sheet import list_sheet
from vi_risk.reviews.workbook import Cells, Computed, sheets_of

_NO_PACK = (
    f'its hidden sheet "{IDENTITY_SHEET}", which says which list it is, is not there or was changed.'
    " Import the workbook that vi-risk wrote, not a copy of its cells; write the decisions into it again."
)
_COMPUTED = "a formula or an error stands here. Write the words themselves, a day as 31/12/2025."


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of one person: codes, texts and a day, as a review holds them."""

    patient: ListedPatient
    where: str  # file, sheet and row, for messages
    decision: str
    owner: str | None
    plan: str | None
    review_on: date | None
    outcome_code: str | None

    @property
    def content(self) -> tuple[str | date | None, ...]:
        """The answers of the team, by which two rows are the same."""
        return (self.decision, self.owner, self.plan, self.review_on, self.outcome_code)


@dataclass(frozen=True, slots=True)
class Returned:
    """One workbook that came back.

    Attributes
    ----------
    decided
        A person each, in the order of the sheet.
    empty
        patient_id of those whose row is there and has no decision.
    """

    name: str
    identity: ListIdentity
    decided: tuple[Decided, ...]
    empty: frozenset[str]

    @property
    def without_row(self) -> int:
        """How many people of the list have no row in the workbook any more."""
        return len(self.identity.patients) - len(self.decided) - len(self.empty)


def read_returned(path: Path, *, reviewed_on: date) -> Returned:
    """Return what a team wrote into a workbook, its rows in any order and its columns in any place.

    Raises
    ------
    InputError
        The workbook cannot be read, is no pack, or holds answers that nobody can use: one line for each, by sheet and
        row, never with the name or the words of anyone.
    """
    sheets = sheets_of(path)
    identity = _identity(path.name, sheets)
    if reviewed_on < identity.index_date:
        msg = (
            f"{path.name}: --reviewed-on {reviewed_on}: the list is of {identity.index_date}, and no meeting was"
            " before it. Give the day of the meeting."
        )
        raise InputError(msg)
    sheet = list_sheet(path.name, sheets, identity)
    rows = sheets[sheet.name][sheet.heading_row + 1 :]
    where = f'{path.name}: sheet "{sheet.name}", row'
    numbered = ((f"{where} {sheet.heading_row + number}", row) for number, row in enumerate(rows, start=2))
    decided, empty, faults = _decided(numbered, sheet.places, identity, reviewed_on)
    if faults:
        raise InputError("\n".join(faults))
    return Returned(path.name, identity, tuple(decided.values()), frozenset(empty - set(decided)))


def _identity(name: str, sheets: Mapping[str, Cells]) -> ListIdentity:
    rows = ([text_of(cell) or "" for cell in row] for row in sheets.get(IDENTITY_SHEET, ()) if any(row))
    try:
        return ListIdentity.from_rows(rows)
    except (ValueError, IndexError):
        msg = f"{name}: {_NO_PACK}"
        raise InputError(msg) from None


def _decided(
    rows: Iterator[tuple[str, Sequence[Any]]], places: Mapping[str, int], identity: ListIdentity, reviewed_on: date
) -> tuple[dict[str, Decided], set[str], list[str]]:
    listed = {person.patient_id.strip(): person for person in identity.patients}
    decided: dict[str, Decided] = {}
    empty: set[str] = set()
    faults: list[str] = []
    for where, row in rows:
        cells = {column: row[place] if place < len(row) else None for column, place in places.items()}
        patient_id, answered = text_of(cells["patient_id"]), any(text_of(cells[column]) for column in ANSWERS)
        if isinstance(cells["patient_id"], Computed) and answered:
            faults.append(f"{where}: {identity.headings['patient_id']}: {_COMPUTED}")
            continue
        person = listed.get(patient_id or "")
        if person is None:
            if answered:
                faults.append(
                    f"{where}: {'nobody' if patient_id is None else 'a person who'} is"
                    f" {'named beside the answers' if patient_id is None else 'not on this list'}."
                    " Write the answers into the row of the person they are about."
                )
            continue
        if not answered:
            empty.add(person.patient_id)
            continue
        found, wrong = _answers(cells, where, person, identity, reviewed_on)
        faults += wrong
        if found is None:
            continue
        before = decided.setdefault(person.patient_id, found)
        if before.content != found.content:
            faults.append(f"{where}: is about the person of {before.where}, and says otherwise. Keep one of the two.")
    return decided, empty, faults


def _answers(
    cells: Mapping[str, object], where: str, person: ListedPatient, identity: ListIdentity, reviewed_on: date
) -> tuple[Decided | None, list[str]]:
    readers: Mapping[str, Callable[[object], Any]] = {
        "decision": decision_of,
        "owner": words_of,
        "plan": words_of,
        "review_on": lambda value: day_of(value, reviewed_on=reviewed_on),
        "outcome_code": outcome_of,
    }
    answers: dict[str, Any] = {}
    faults: list[str] = []
    for column, read in readers.items():
        if isinstance(cells[column], Computed):
            faults.append(f"{where}: {identity.headings[column]}: {_COMPUTED}")
            continue
        try:
            answers[column] = read(cells[column])
        except AnswerError as fault:
            faults.append(f"{where}: {identity.headings[column]}: {fault}")
    if not faults and answers["decision"] is None:
        heading = identity.headings["decision"]
        faults.append(f"{where}: {heading}: expected one beside the other answers, found none. Choose a decision.")
    return (None, faults) if faults else (Decided(person, where, **answers), [])
