"""Columns that say by their name that they tell who somebody is, and what may stand in their place."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from vi_risk.errors import GovernanceError
from vi_risk.records.linked import Workspace
from vi_risk.records.readable import READABLE
from vi_risk.records.reading import open_sources

# What stands in a column's name, without signs between its words -> what to do with it.
_LEAVE_OUT = "leave it out"
_NUMBER = "make it patient_id, and pseudonymise that (vi-risk pseudonymise)"
_BORN = "give birth_month, the first day of the month, in its place"
_WHERE = "give lsoa, the area in which it lies, in its place"
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("forename", "firstname", "givenname", "middlename", "surname", "lastname"), _LEAVE_OUT),
    **dict.fromkeys(("familyname", "maidenname", "fullname", "patientname", "personname", "nextofkin"), _LEAVE_OUT),
    **dict.fromkeys(("address", "addressline", "addr", "street", "uprn"), _LEAVE_OUT),
    **dict.fromkeys(("telephone", "phone", "mobile", "email", "passport", "ssn"), _LEAVE_OUT),
    **dict.fromkeys(("nhsnumber", "nhsno", "nhsnum", "newnhsno"), _NUMBER),
    **dict.fromkeys(("dob", "dateofbirth", "birthdate", "birthday"), _BORN),
    **dict.fromkeys(("postcode", "postalcode", "pcds", "zipcode"), _WHERE),
}
_NAME = "name"  # alone, a person's; beside another word, most often that of a place
# What comes first in the name of a column about an organisation.
_OF_PLACES = frozenset(("gp", "practice", "provider", "site", "hospital", "organisation", "org", "trust", "ward"))
# Small words, and runs of capitals that are one word of their own.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def identifying(columns: Iterable[str]) -> dict[str, str]:
    """Return those columns whose names look identifying, each with what to do with it.

    >>> identifying(["sex", "DateOfBirth", "practice_postcode", "NHS_NUMBER"])
    {'DateOfBirth': 'give birth_month, ...', 'NHS_NUMBER': 'make it patient_id, ...'}
    """
    return {column: mend for column in columns if (mend := _mend_of(column)) is not None}


def refuse_identifying_columns(columns: Mapping[str, Iterable[str]]) -> None:
    """Refuse records of canonical names in which other columns look identifying.

    Parameters
    ----------
    columns
        Canonical table -> names of all its columns, as the files have them. Tables of other names are not looked at.

    Raises
    ------
    GovernanceError
        Some do: a line for each, with what may stand in its place.
    """
    faults = []
    for table, names in columns.items():
        if table not in READABLE:
            continue
        declared = READABLE[table].column_names
        faults += [
            f"{table}.{name}: looks as if it told who somebody is; {mend}."
            for name, mend in identifying(name for name in names if name.strip().casefold() not in declared).items()
        ]
    if faults:
        raise GovernanceError("\n".join(faults))


def refuse_identifying_files(folder: Path) -> None:
    """Refuse a folder of canonical tables whose files have columns that look identifying.

    No run reads such columns; but where they are, nobody has pseudonymised.

    Raises
    ------
    GovernanceError
        As `refuse_identifying_columns`.
    InputError
        The folder cannot be read.
    """
    workspace = Workspace()
    try:
        columns = open_sources(folder, workspace, None).columns
        refuse_identifying_columns({table: list(names) for table, names in columns.items()})
    finally:
        workspace.close()


def _mend_of(column: str) -> str | None:
    words = [word.casefold() for word in _WORD.findall(column)]
    if words == [_NAME]:
        return _LEAVE_OUT
    if not words or words[0] in _OF_PLACES:
        return None
    joined = ("".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1))
    return next((_WORDS[word] for word in joined if word in _WORDS), None)
