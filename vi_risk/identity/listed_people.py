"""Who on a list is of a practice: as the list says, and as the link table knows.

The list says it in the CSV beside it, which its users may be able to change. So whoever asks for people of whom the
link table never heard that they were of the practice gets nobody's number.
"""

import csv
from datetime import date
from pathlib import Path

from vi_risk.errors import GovernanceError, InputError
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import LinkTable


def people_of_practice(
    pack: Path, practice: str, links: LinkTable, key: Key, *, on: date
) -> tuple[dict[str, str], int]:
    """Return pseudonym -> NHS number of those on a list whose practice it is, and how many have another one by now.

    Parameters
    ----------
    pack
        A file of the list; the CSV stands beside it.
    practice
        Code of the practice that is asked for.
    links
        As `key` opened it.
    on
        The day of the asking: whose practice it is then.

    Raises
    ------
    GovernanceError
        Of some the link table says that they are of other practices, or not of which.
    InputError
        The list cannot be read, has nobody of the practice, or somebody whom the link table does not know.
    """
    listed = _listed(pack, practice)
    numbers = links.numbers_of(listed)
    if len(numbers) < len(listed):
        msg = (
            f"{pack.name}: {len(listed) - len(numbers):,} of {len(listed):,} people have pseudonyms that the link"
            f" table does not know. Name the link table of the records that the list was made from ({key.title} opened"
            " this one)."
        )
        raise InputError(msg)
    standing = links.practices.standing(numbers.values(), practice, on=on)
    faults = []
    if standing.elsewhere:
        faults.append(
            f"{len(standing.elsewhere):,} of {len(listed):,} people are of other practices than {practice}, as"
            " the link table tells, and nobody is re-identified. Name a list as the run wrote it. Where they have come"
            " to the practice since, pseudonymise the newer extract with this link table, and ask again."
        )
    if standing.unknown:
        faults.append(
            f"the link table does not tell the practice of {len(standing.unknown):,} of {len(listed):,} people, as one"
            " that an earlier version of vi_risk wrote does not, and nobody is re-identified. Pseudonymise the extract"
            " that the list was made from once more, with this key and link table, and ask again."
        )
    if not faults and not standing.here:
        faults.append(
            f"everyone on it has another practice than {practice} by now, as the link table tells. Name a newer list."
        )
    if faults:
        raise GovernanceError("\n".join(f"{pack.name}: {fault}" for fault in faults))
    theirs = {pseudonym: number for pseudonym, number in numbers.items() if number in standing.here}
    return theirs, len(standing.left)


def _listed(pack: Path, practice: str) -> frozenset[str]:
    """Return the pseudonyms of those of the practice who are on the list, as the CSV beside it tells."""
    if not pack.is_file():
        msg = f"{pack}: no such file. Name a file of a list, such as out/case_lists/{practice}.html."
        raise InputError(msg)
    beside = pack.with_suffix(".csv")
    try:
        with beside.open(encoding="utf-8-sig", newline="") as file:
            people = [(row["practice_code"], row["patient_id"]) for row in csv.DictReader(file)]
        if any(cell is None for row in people for cell in row):
            raise ValueError("a row is not of the table")
    except OSError as error:
        msg = (
            f"{beside}: cannot be read ({error.strerror}), and it says which people of the list are of which practice."
            " Name a list in the folder that the run wrote."
        )
        raise InputError(msg) from None
    except (KeyError, ValueError, csv.Error):
        msg = f"{beside}: is no table of a list. Expected the file that the run wrote beside the others, unchanged."
        raise InputError(msg) from None
    listed = frozenset(pseudonym for code, pseudonym in people if code == practice)
    if not listed:
        msg = f"{pack.name}: nobody on it is of practice {practice}. Name the list of that practice."
        raise InputError(msg)
    return listed


def left_in_words(left: int) -> str:
    """Return what is said of people on a list who have another practice by now.

    >>> left_in_words(1)
    '1 person on the list has another practice by now, and is shown by pseudonym alone.'
    """
    have, are = ("has", "is") if left == 1 else ("have", "are")
    return f"{in_words(left)} on the list {have} another practice by now, and {are} shown by pseudonym alone."


def in_words(number: int) -> str:
    """Return a number of people in words."""
    return f"{number:,} {'person' if number == 1 else 'people'}"
