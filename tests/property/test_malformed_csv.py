"""Malformed CSV is read right or refused: never another error, never other rows, never a cell in a message."""

import re
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.property.csv_files import PEOPLE, malformed, parts, sound
from tests.property.csv_oracle import MustBeRefusedError, NobodyKnowsError, Row, canonical_rows, people
from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.mapping import Mapping
from vi_risk.records.reading import read_records

PATIENTS = b"patient_id,birth_month,sex\np1,1950-06-01,1\n"
SPELLS = b"spell_id,patient_id,admitted_on,discharged_on,admission_method\ns1,p1,2024-01-02,2024-01-05,21\n"
TOLD = re.compile("secret|secr.t|1917", re.IGNORECASE)
OF_THE_SITE = Mapping.model_validate(
    {
        "name": "site",
        "tables": {
            "patients": {
                "source": PEOPLE,
                "columns": {"patient_id": "id", "birth_month": "born", "sex": "gender"},
                "formats": {"birth_month": "%d/%m/%Y"},
                "values": {"sex": {"M": "1", "F": "2"}},
            },
            "spells": {
                "source": "spells",
                "columns": {c: c for c in SPELLS.decode().partition("\n")[0].split(",")},
            },
        },
    }
)

# What a reader that is not strict takes for something else, each in one way.
MISREAD = (
    ("practices", b"\npractice_code,name\nA,secret\n"),
    ("practices", b"practice_code,name\nA,secret\nB\n"),
    ("practices", b"practice_code,name\nA,secret\nB,secret,secret\n"),
    ("practices", b'practice_code,name\nA,"secret"secret\nB,secret\n'),
    ("practices", b'practice_code,name\nA,secret\nB,"secret\n'),
    ("practices", b"practice_code,name\n0001,0002\n"),
    ("practices", b"practice_code,NAME\nA,secret\n"),
    ("practices", b"practice_code,name\nA,secr\xe9t\n"),
    ("diagnoses", b"spell_id,position,code\nA,9007199254740993,secret\n"),
    ("prescriptions", b"patient_id,issued_on,bnf_code,quantity\nA,1917-01-02,0212,1_917\n"),
    ("prescriptions", b"patient_id,issued_on,bnf_code\nA,1917-06-30T23:30:00Z,0212\n"),
    ("prescriptions", b"patient_id,issued_on,bnf_code\nA,0000-01-01,0212\n"),
    ("prescriptions", b"secret,1917-01-02,0212\nsecret,1917-01-03,0212\n"),
)

OFTEN = settings(max_examples=90, deadline=None, database=None, derandomize=True)
LESS_OFTEN = settings(OFTEN, max_examples=30)
MUCH = settings(OFTEN, max_examples=300)
LONG = settings(MUCH, max_examples=60)


def read(table: str, files: dict[str, bytes], mapping: Mapping | None = None) -> tuple[tuple[str, ...], list[Row]]:
    """Return the columns and rows that the reader makes of files; none where it leaves the table out."""
    with tempfile.TemporaryDirectory() as place:
        beside = {name: content for name, content in (("patients", PATIENTS), ("spells", SPELLS)) if name != table}
        for name, content in {**beside, **files}.items():
            path = Path(place) / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        records = read_records(place, mapping=mapping)
        try:
            if table not in records.tables:
                return (), []
            rows = records.tables[table].to_pyarrow()
        finally:
            records.workspace.close()
    return tuple(rows.column_names), [tuple(row.values()) for row in rows.to_pylist()]


def holds(oracle: Callable[[], Any], reading: Callable[[], Any], named: str) -> bool:
    """Whether files were read; that they were read right, or refused with good manners, is checked here."""
    expected = _outcome(oracle, (MustBeRefusedError, NobodyKnowsError))
    found = _outcome(reading, (InputError, SpecificationError))
    if isinstance(found, BaseException):
        assert str(found).startswith(named)
        assert not TOLD.search(all_words(found)), all_words(found)
        return False
    if isinstance(expected, NobodyKnowsError):
        return True
    assert not isinstance(expected, MustBeRefusedError), found
    assert found[0] == expected[0]
    assert Counter(found[1]) == Counter(expected[1])
    return True


def _outcome(call: Callable[[], Any], refusals: tuple[type[BaseException], ...]) -> Any:
    try:
        return call()
    except refusals as refusal:
        return refusal


def all_words(error: BaseException) -> str:
    """Return what an error, its causes and its traceback tell, however they are printed."""
    words, seen = ["".join(traceback.format_exception(error))], set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            words += [str(one), repr(one.args)]
            waiting += [one.__cause__, one.__context__]
    return "\n".join(words).replace("\\x00", "").replace("\x00", "")


def file_holds(drawn: tuple[str, bytes]) -> bool:
    table, content = drawn
    return holds(lambda: canonical_rows(table, content), lambda: read(table, {table: content}), table)


def people_hold(drawn: tuple[str, bytes]) -> bool:
    _, content = drawn
    return holds(
        lambda: (("patient_id", "birth_month", "sex"), people(content)),
        lambda: read("patients", {PEOPLE: content}, OF_THE_SITE),
        "",
    )


@pytest.mark.parametrize("misread", MISREAD, ids=range(len(MISREAD)))
def test_what_a_lenient_reader_misreads_is_read_right_or_refused(misread: tuple[str, bytes]) -> None:
    file_holds(misread)


@OFTEN
@given(malformed())
def test_malformed_csv_is_read_right_or_refused_without_a_word_of_it(drawn: tuple[str, bytes]) -> None:
    file_holds(drawn)


@LESS_OFTEN
@given(sound())
def test_csv_that_has_one_meaning_is_read(drawn: tuple[str, bytes]) -> None:
    assert file_holds(drawn)


@LESS_OFTEN
@given(malformed((PEOPLE,)))
def test_malformed_csv_is_read_right_or_refused_through_a_mapping_too(drawn: tuple[str, bytes]) -> None:
    people_hold(drawn)


@LESS_OFTEN
@given(sound((PEOPLE,)))
def test_csv_that_has_one_meaning_is_read_through_a_mapping_too(drawn: tuple[str, bytes]) -> None:
    assert people_hold(drawn)


@LESS_OFTEN
@given(parts())
def test_parts_are_read_as_one_table_or_refused(drawn: tuple[str, tuple[bytes, bytes]]) -> None:
    table, contents = drawn
    files = {f"{table}/part_{number}": content for number, content in enumerate(contents)}
    holds(lambda: canonical_rows(table, *contents), lambda: read(table, files), table)


@pytest.mark.slow
@MUCH
@given(malformed(huge=True))
def test_much_malformed_csv_is_read_right_or_refused_without_a_word_of_it(drawn: tuple[str, bytes]) -> None:
    file_holds(drawn)


@pytest.mark.slow
@LONG
@given(malformed(deep=True))
def test_what_goes_wrong_far_behind_the_first_rows_is_found_too(drawn: tuple[str, bytes]) -> None:
    file_holds(drawn)
