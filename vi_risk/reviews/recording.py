"""Decisions written down as reviews: new ones added, corrected ones replaced, the same ones left as they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from vi_risk.errors import InputError, UsageError
from vi_risk.reviews.form import ANSWERS
from vi_risk.reviews.returned import Decided, Returned
from vi_risk.reviews.store import REVIEW_COLUMNS

_LONGEST_NAME = 200
_OUTCOME = ANSWERS.index("outcome_code")
_AND = "; "  # between the lists that said the same of a person
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """All reviews after an import, and what it changed, in numbers of people.

    Attributes
    ----------
    unchanged
        Told before from the same list in the same words: on that day, or last of all.
    withdrawn
        Told before from the same list and day; the row of the workbook is empty now.
    """

    reviews: pd.DataFrame
    new: int
    replaced: int
    unchanged: int
    withdrawn: int


def record(reviews: pd.DataFrame, returned: Sequence[Returned], *, reviewed_on: date, by: str) -> Recorded:
    """Return the reviews with the decisions of workbooks that came back from meetings of one day.

    A decision is held against what the lists of the same date and model said of the person on that day (a person may
    stand on that of a practice and that of its network), or where they said nothing that day, last of all. In the same
    words it is left alone: a workbook may be filled in over several meetings. An outcome written down later is added to
    the decision it belongs to, and an empty one takes none away. Otherwise it is a review of that day, and takes the
    place of one that is there: a decision changed back is a decision. Reviews of the day whose rows are empty now are
    withdrawn, unless the workbook has no decision at all, or another list said so too.

    Parameters
    ----------
    reviews
        `REVIEW_COLUMNS`, one row per person and day.
    by
        Who brings the decisions: a name or a role.

    Raises
    ------
    UsageError
        `by` is empty or no name.
    InputError
        Two rows say different things of one person.
    """
    by = by.strip()
    if not by or len(by) > _LONGEST_NAME or not by.isprintable():
        msg = f"--by: expected a name or a role of 1 to {_LONGEST_NAME} letters on one line, found something else."
        raise UsageError(msg)
    decided = _one_each(returned)
    said_by = _said_by(returned)
    known = reviews.astype(object).where(reviews.notna(), None)
    rows: dict[tuple[str, date], _Row] = {
        (values[0], values[1]): dict(zip(REVIEW_COLUMNS, values, strict=True))
        for values in known[list(REVIEW_COLUMNS)].itertuples(index=False, name=None)
    }
    last: dict[tuple[Any, ...], _Row] = {
        (row["patient_id"], row["index_date"], row["model_version"]): row
        for row in sorted(rows.values(), key=lambda row: row["reviewed_on"])
    }
    new = replaced = unchanged = 0
    for found, workbook in decided:
        patient, made = found.patient.patient_id, (workbook.identity.index_date, workbook.identity.model_version)
        key = (patient, reviewed_on)
        before = last.get((patient, *made))
        if key in rows and (rows[key]["index_date"], rows[key]["model_version"]) == made:
            before = rows[key]
        if before is not None and _content(before)[:_OUTCOME] == found.content[:_OUTCOME]:
            before["list_id"] = _joined({*_lists(before), *said_by[patient]})
            if found.outcome_code in (None, before["outcome_code"]):
                unchanged += 1
            else:
                before["outcome_code"] = found.outcome_code
                replaced += 1
        else:
            replaced, new = (replaced + 1, new) if key in rows else (replaced, new + 1)
            rows[key] = {**_row(found, workbook, reviewed_on, by), "list_id": _joined(said_by[patient])}
    withdrawn = _withdrawn(rows, returned, decided, reviewed_on)
    after = pd.DataFrame(list(rows.values()), columns=list(REVIEW_COLUMNS), dtype=object)
    return Recorded(after, new, replaced, unchanged, len(withdrawn))


def _one_each(returned: Iterable[Returned]) -> list[tuple[Decided, Returned]]:
    """Return one decision a person; copies of a workbook, and lists of a practice and its network, may share people."""
    first: dict[str, tuple[Decided, Returned]] = {}
    faults = []
    for workbook in returned:
        for found in workbook.decided:
            before, _ = first.setdefault(found.patient.patient_id, (found, workbook))
            if before.content != found.content:
                faults.append(
                    f"{found.where}: is about the person of {before.where}, and says otherwise. Keep one of the two."
                )
    if faults:
        raise InputError("\n".join(faults))
    return list(first.values())


def _said_by(returned: Iterable[Returned]) -> dict[str, set[str]]:
    """Return patient -> the lists whose workbooks hold a decision about them."""
    found: dict[str, set[str]] = {}
    for workbook in returned:
        for one in workbook.decided:
            found.setdefault(one.patient.patient_id, set()).add(workbook.identity.list_id)
    return found


def _withdrawn(
    rows: dict[tuple[str, date], _Row],
    returned: Iterable[Returned],
    decided: Iterable[tuple[Decided, Returned]],
    reviewed_on: date,
) -> list[tuple[str, date]]:
    """Take from each review the lists that do not say so any more, and the reviews that none says; return these."""
    kept = {found.patient.patient_id for found, _ in decided}
    for workbook in returned:
        for patient in workbook.empty - kept if workbook.decided else ():
            if row := rows.get((patient, reviewed_on)):
                row["list_id"] = _joined({*_lists(row)} - {workbook.identity.list_id})
    withdrawn = sorted(key for key, row in rows.items() if not row["list_id"])
    for key in withdrawn:
        del rows[key]
    return withdrawn


def _lists(row: _Row) -> list[str]:
    return str(row["list_id"]).split(_AND)


def _joined(lists: Iterable[str]) -> str:
    return _AND.join(sorted(lists))


def _content(row: _Row) -> tuple[Any, ...]:
    return tuple(row[column] for column in ANSWERS)


def _row(found: Decided, workbook: Returned, reviewed_on: date, by: str) -> _Row:
    return {
        "patient_id": found.patient.patient_id,
        "reviewed_on": reviewed_on,
        **dict(zip(ANSWERS, found.content, strict=True)),
        "recorded_on": reviewed_on,
        "decided_by": by,
        "practice_code": found.patient.practice_code,
        "index_date": workbook.identity.index_date,
        "model_version": workbook.identity.model_version,
        "list_id": workbook.identity.list_id,
        "themes": "; ".join(found.patient.themes),
    }
