"""No record comes in that says who somebody is: NHS numbers and postcodes are refused, dates of birth are reduced.

What a column says counts here, whatever its name. Names of people in free text are not found: no rule finds them all.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir

from vi_risk.errors import GovernanceError
from vi_risk.identity.identifiers_as_written import (
    ALL_POSTCODE,
    AREA_CODE,
    BARE,
    HELD,
    SHORTEST,
    WITH_FIGURES,
    identifier_in,
    ten_digits_of,
)
from vi_risk.identity.nhs_numbers import nhs_number_of
from vi_risk.records.linked import Records

# Columns that take any text: identifiers, names of places, and what a meeting wrote. Codes have rules of their own, and
# those of SNOMED CT and dm+d may have ten digits.
BIRTH = "patients.birth_month"
_OF_EVENTS = ("spell_id", "attendance_id", "appointment_id")
_AREA = "lsoa"
_OF_PLACES = ("imd_edition", "network", "name")
_IDENTIFIERS = ("patient_id", *_OF_EVENTS, "practice_code", "provider_code", _AREA, *_OF_PLACES)
_WRITTEN = ("owner", "plan")
_TAKE_OUT = "Take it out, or leave out the column."

_LOOKED_AT = 500  # distinct values of a column, of each way of writing; more make nothing surer
_BY_CHANCE = 1 / 11  # of any ten digits the last one is the check digit of the others
_TOO_UNLIKELY = 1e-6
_MISWRITTEN = 0.01  # of NHS numbers as they come, at most
# Powers of ten by which a column must be likelier NHS numbers than local numbers to be refused. Ten digits that name a
# person are seldom anything else in the NHS, and areas and practices have none: one number that passes is enough.
# Stays, attendances and appointments are often numbered so, and local pseudonyms with a letter before: there it takes
# three.
_LIKELIER, _LIKELIER_OTHERWISE = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class Reduced:
    """Records without identifiers.

    Attributes
    ----------
    rows
        "table.column" -> rows in which something was taken away.
    """

    records: Records
    rows: Mapping[str, int]


def without_identifiers(records: Records) -> Reduced:
    """Return the records, days of birth reduced, if there is nothing in them that must be refused.

    Raises
    ------
    GovernanceError
        As `refuse_identifiers`.
    """
    refuse_identifiers(records)
    return reduced(records)


def refuse_identifiers(records: Records) -> None:
    """Refuse records that hold NHS numbers or postcodes, or for areas anything but their codes.

    Signs, spaces, noughts before and `.0` after ten digits make no difference, nor does "NHS" before them. Ten digits
    with any other letters about them, or with figures parted from them by a sign, are looked at by themselves: they are
    oftener local numbers.

    A local number of ten digits passes the check digit by chance, one in eleven. Of n numbers of ten digits in a column
    written in one of these two ways, whatever else stands in it, v pass. The column is refused on either of two
    grounds:

    - taken together they are likelier NHS numbers, of which at most one in a hundred fails, than local ones: 10 times,
      or 1,000 times where something else is about them or they number stays, attendances or appointments
      (`likelier_by`);
    - chance gives as many as v less than once in a million (`chance_of`): NHS numbers in part of a column.

    So NHS numbers are refused from one on, from three on where it takes 1,000 times. Local numbers by themselves are
    refused by mistake in 9 % of columns with one of ten digits, 0.8 % of those with two and 0.1 % or less of those with
    more; with something about them in 0.1 % or less. A few NHS numbers among many local ones of ten digits that are
    written in the same way cannot be told apart.

    Raises
    ------
    GovernanceError
        Some do: a line for each column, by its name and never with a value.
    """
    faults = [*_nhs_numbers(records), *_written(records), *_postcodes(records), *_areas(records)]
    if faults:
        raise GovernanceError("\n".join(faults))


def reduced(records: Records) -> Reduced:
    """Return the records with days of birth made the first of their month, and how many were.

    Everything here asks for the month of birth alone, so the day is not missed.
    """
    if not records.has("patients", "birth_month"):
        return Reduced(records, {})
    patients = records.tables["patients"]
    first = ibis.date(patients.birth_month.year(), patients.birth_month.month(), 1)
    days = _count(patients.filter(patients.birth_month != first))
    if not days:
        return Reduced(records, {})
    tables = {**records.tables, "patients": patients.mutate(birth_month=first)}
    return Reduced(replace(records, tables=tables), {BIRTH: days})


def _columns(records: Records, names: tuple[str, ...]) -> Iterator[tuple[str, ir.Column, ir.Table]]:
    for table, rows in records.tables.items():
        for name in names:
            if name in rows.columns and rows[name].type().is_string():
                yield f"{table}.{name}", rows[name], rows


def _nhs_numbers(records: Records) -> Iterator[str]:
    for where, column, rows in _columns(records, _IDENTIFIERS):
        for bare, found in _ten_digits(column, rows).items():
            valid = sum(nhs_number_of(number) is not None for number in found)
            if are_nhs_numbers(valid, len(found), often_local=not bare or where.endswith(_OF_EVENTS)):
                about = "" if bare else ", with something written before or after them,"
                yield (
                    f"{where}: holds NHS numbers: of {len(found):,} values of ten digits{about} that were looked at,"
                    f" {valid:,} pass the check digit. Expected pseudonyms. Make them with `vi-risk pseudonymise`"
                    " first; if they are local numbers, ask whoever gives out the extract for pseudonyms, the same in"
                    " every table."
                )


def _ten_digits(column: ir.Column, rows: ir.Table) -> dict[bool, set[str]]:
    """Return the numbers of ten digits in a column: True -> those that stand by themselves, False -> the others."""
    held = rows.filter(column.length() >= SHORTEST, column.re_search(HELD))
    found: dict[bool, set[str]] = {True: set(), False: set()}
    if not _values(held.select(value=column).limit(1)):  # as in nearly every column; the rest takes longer
        return found
    values = held.select(value=column, bare=column.re_search(BARE)).distinct()
    # So many of each way of writing, or local numbers with a letter would crowd out NHS numbers without one.
    some = values.mutate(nth=ibis.row_number().over(group_by="bare")).filter(lambda row: row.nth < _LOOKED_AT)
    for row in some.to_pyarrow().to_pylist():
        if number := ten_digits_of(row["value"]):
            found[row["bare"]].add(number)
    return found


def are_nhs_numbers(valid: int, values: int, *, often_local: bool) -> bool:
    """Whether distinct numbers of ten digits, so many of which pass the check digit, are to be taken for NHS numbers.

    Parameters
    ----------
    often_local
        True where local numbers are often written so: then it takes three, not one.
    """
    wanted = _LIKELIER_OTHERWISE if often_local else _LIKELIER
    return likelier_by(valid, values) >= wanted or chance_of(valid, values) < _TOO_UNLIKELY


def likelier_by(valid: int, values: int) -> float:
    """Return by how many powers of ten so many valid ones of so many numbers are likelier NHS numbers than local ones.

    The logarithm of the ratio of two binomial likelihoods, with probabilities 0.99 and 1/11 of the right check digit:
    v log10(0.99 * 11) + (n - v) log10(0.01 * 11 / 10).

    >>> [round(likelier_by(valid, 3), 2) for valid in (3, 2, 1, 0)]
    [3.11, 0.12, -2.88, -5.88]
    """
    passing = math.log10((1 - _MISWRITTEN) / _BY_CHANCE)
    return valid * passing + (values - valid) * math.log10(_MISWRITTEN / (1 - _BY_CHANCE))


def chance_of(valid: int, values: int) -> float:
    """Return how likely so many of so many numbers, drawn at random, pass the check digit: at least `valid` of them.

    The upper tail of the binomial distribution with the probability 1/11.

    >>> round(chance_of(1, 2), 6) == round(1 - (10 / 11) ** 2, 6)
    True
    """
    if valid == 0:
        return 1.0
    ways = range(valid, values + 1)
    return math.fsum(math.comb(values, n) * _BY_CHANCE**n * (1 - _BY_CHANCE) ** (values - n) for n in ways)


def _written(records: Records) -> Iterator[str]:
    for where, column, rows in _columns(records, _WRITTEN):
        texts = rows.filter(column.re_search(WITH_FIGURES)).group_by(value=column).agg(times=lambda each: each.count())
        found = Counter[str]()
        for row in texts.to_pyarrow().to_pylist():
            if kind := identifier_in(row["value"]):
                found[kind] += row["times"]
        for kind, number in found.items():
            yield f"{where}: {number:,} of {_count(rows):,} rows hold {kind} in their text. {_TAKE_OUT}"


def _postcodes(records: Records) -> Iterator[str]:
    for where, column, rows in _columns(records, _OF_PLACES):
        if number := _count(rows.filter(column.re_search(ALL_POSTCODE))):
            yield (
                f"{where}: {number:,} of {_count(rows):,} rows hold a postcode. Leave the column out, or give what it"
                " is for."
            )


def _areas(records: Records) -> Iterator[str]:
    """Say where the column of an area holds anything else: a text of any kind could be a name or an address."""
    for where, column, rows in _columns(records, (_AREA,)):
        others = rows.filter(column.notnull() & ~column.re_search(AREA_CODE))
        if number := _count(others):
            postcodes = _count(others.filter(column.re_search(ALL_POSTCODE)))
            yield (
                f"{where}: {number:,} of {_count(rows):,} rows hold no code of an area (LSOA or data zone, such as"
                f" E01010568){f', {postcodes:,} of them a postcode' if postcodes else ''}. Look it up in the mapping"
                " (docs/identity.md), or leave the column out."
            )


def _values(rows: ir.Table) -> list[str]:
    return [str(value) for value in rows.to_pyarrow()["value"].to_pylist() if value is not None]


def _count(rows: ir.Table) -> int:
    return int(rows.count().to_pyarrow().as_py() or 0)
