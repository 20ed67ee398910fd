"""How text and numbers of a file become canonical types: SQL that gives null where a value is not clearly one."""

import re
from collections.abc import Callable

from vi_risk.records.tables import Column

Formats = str | list[str] | None  # strptime formats of a column, tried in order

PLACE = "Europe/London"  # whose midnight begins a day

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")

# Below this each whole number has a floating-point number of its own; from here on several share one.
_EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str) -> str:
    """Return a text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


class Cast:
    """How one mapped column becomes its canonical type, and which of its values cannot."""

    def __init__(self, column: Column, engine_type: str, values: dict[str, str] | None, date_format: Formats) -> None:
        self.column = column
        name = quoted(column.name)
        if engine_type in ("DOUBLE", "FLOAT"):  # pandas writes a missing number as NaN
            name = f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END"
        elif engine_type == "TIMESTAMP WITH TIME ZONE":  # a moment; its day is the one at the hospital
            name, engine_type = f"timezone({text_literal(PLACE)}, {name})", "TIMESTAMP"
        is_text = engine_type == "VARCHAR"
        text = f"nullif(trim({_as_text(name, engine_type)}), '')"
        present = f"{text} IS NOT NULL" if is_text else f"{name} IS NOT NULL"
        if values is not None:
            self.sql = _value_map(text, values)
            if column.type != "text":
                self.sql = f"TRY_CAST({self.sql} AS {_ENGINE[column.type]})"
            self.complaint = (
                f"hold a value that the mapping's values.{column.name} does not list."
                f' Add the value, or "*" for all others.'
            )
        else:
            self.sql = _READ[column.type](text if is_text else name, engine_type, date_format)
            written = " or ".join([date_format] if isinstance(date_format, str) else date_format or [])
            expected = f"a date as {written}" if written else _EXPECTED[column.type]
            self.complaint = f"cannot be read as {expected}." + (
                f" Say how they are written in the mapping (formats.{column.name})."
                if column.type in ("date", "timestamp")
                else ""
            )
        same = {"text": "VARCHAR", "integer": "BIGINT", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}
        self.may_fail = values is not None or same.get(column.type) != engine_type
        self.failed = f"{present} AND ({self.sql}) IS NULL"


_EXPECTED = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date (YYYY-MM-DD)",
    "timestamp": "a date and time (YYYY-MM-DD HH:MM:SS)",
    "boolean": "true or false",
}
_ENGINE = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}


def _as_text(value: str, engine_type: str) -> str:
    """Return a value as text; a whole number held as a decimal is one: 10001.0 is the code 10001."""
    nested = engine_type.endswith("]") or engine_type.startswith(("STRUCT", "MAP", "UNION"))
    if nested or engine_type == "BLOB":
        return "CAST(NULL AS VARCHAR)"
    if engine_type in _EXACT or engine_type.startswith("DECIMAL"):
        whole, other = f"CAST(TRY_CAST({value} AS HUGEINT) AS VARCHAR)", f"CAST({value} AS VARCHAR)"
        # A long code that was held as a float has lost its last digits.
        lost = f"WHEN abs({value}) >= {_EXACT[engine_type]} THEN NULL" if engine_type in _EXACT else ""
        return f"CASE {lost} WHEN {value} = floor({value}) THEN {whole} ELSE {other} END"
    return f"CAST({value} AS VARCHAR)"


def _as_double(value: str, engine_type: str) -> str:
    if engine_type == "VARCHAR":  # DuckDB reads 1_000 as SQL does; in a record it is no number
        return f"CASE WHEN NOT contains({value}, '_') THEN TRY_CAST({value} AS DOUBLE) END"
    if engine_type in (*_EXACT, *_WHOLE, "BOOLEAN") or engine_type.startswith("DECIMAL"):
        return f"TRY_CAST({value} AS DOUBLE)"
    return "CAST(NULL AS DOUBLE)"  # a date is no number


def _read_text(value: str, engine_type: str, _: Formats) -> str:
    return _as_text(value, engine_type)


def _read_integer(value: str, engine_type: str, _: Formats) -> str:
    if engine_type in _WHOLE:
        return f"TRY_CAST({value} AS BIGINT)"
    number = _as_double(value, engine_type)
    return (
        f"CASE WHEN {number} = floor({number}) AND abs({number}) < {_EXACT['DOUBLE']}"
        f" THEN TRY_CAST({number} AS BIGINT) END"
    )


def _read_number(value: str, engine_type: str, _: Formats) -> str:
    number = _as_double(value, engine_type)
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _read_moment(kind: str) -> Callable[[str, str, Formats], str]:
    def read(value: str, engine_type: str, date_format: Formats) -> str:
        if date_format is not None:
            formats = [date_format] if isinstance(date_format, str) else date_format
            text = _as_text(value, engine_type)
            moment = f"CASE {' '.join(_when_written(text, one) for one in formats)} END"
        elif engine_type == "VARCHAR":
            moment = (
                f"CASE WHEN regexp_full_match({value}, '{_ISO}') THEN TRY_CAST({value} AS TIMESTAMP)"
                f" WHEN regexp_full_match({value}, '{_ISO_WITH_ZONE}')"
                f" THEN timezone({text_literal(PLACE)}, TRY_CAST({value} AS TIMESTAMPTZ)) END"
            )
        elif engine_type == "DATE" or engine_type.startswith("TIMESTAMP"):
            moment = value
        else:
            return f"CAST(NULL AS {kind})"  # a number is no date, however large
        return f"CAST({moment} AS {kind})"

    return read


# Four-digit years only: DuckDB reads '24-01-05' as the year 24, and '2024-01-05 (BC)' as a year before Christ.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"  # there is no year 0
_ISO_TIME = "[T ]([01]?[0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_ISO = f"{_YEAR}-[0-9]{{1,2}}-[0-9]{{1,2}}({_ISO_TIME})?"
_ISO_WITH_ZONE = f"{_YEAR}-[0-9]{{1,2}}-[0-9]{{1,2}}{_ISO_TIME} ?(Z|UTC|[-+][0-9]{{2}}(:?[0-9]{{2}})?)"


def _when_written(text: str, date_format: str) -> str:
    moment = f"try_strptime({text}, {text_literal(date_format)})"
    if "%z" in date_format or "%Z" in date_format:
        moment = f"timezone({text_literal(PLACE)}, {moment})"
    return f"WHEN regexp_full_match({text}, {text_literal(_pattern_of(date_format))}) THEN {moment}"


_DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3}
_ALL_DIGITS = ("Y", "y")


def _pattern_of(date_format: str) -> str:
    """Return what a date in this format looks like: DuckDB alone takes 24 for %Y, and 2024112 for %Y%m%d.

    >>> _pattern_of("%d/%m/%Y")
    '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}'
    >>> _pattern_of("%Y%m%d")
    '[0-9]{4}[0-9]{2}[0-9]{2}'
    """
    parts = re.findall(r"%-?.|[^%]+", date_format, re.DOTALL)
    numbers = [part[-1] if part[0] == "%" and part[-1] in _DIGITS else "" for part in parts]
    pattern = ""
    for part, number, before, after in zip(parts, numbers, ["", *numbers], [*numbers[1:], ""], strict=False):
        if number:  # numbers that touch one another have all their digits, or nobody knows where one ends
            fixed = number in _ALL_DIGITS or before or after
            pattern += f"[0-9]{{{'' if fixed else '1,'}{_DIGITS[number]}}}"
        else:
            pattern += ".+" if part[0] == "%" else re.escape(part)
    return pattern


def _read_boolean(value: str, engine_type: str, _: Formats) -> str:
    if engine_type == "BOOLEAN":
        return value
    plain = f"lower(trim({_as_text(value, engine_type)}))"
    yes, no = (", ".join(text_literal(word) for word in words) for words in (_TRUE, _FALSE))
    return f"CASE WHEN {plain} IN ({yes}) THEN true WHEN {plain} IN ({no}) THEN false END"


_READ: dict[str, Callable[[str, str, Formats], str]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "date": _read_moment("DATE"),
    "timestamp": _read_moment("TIMESTAMP"),
    "boolean": _read_boolean,
}


def _value_map(text: str, values: dict[str, str]) -> str:
    cases = " ".join(f"WHEN {text_literal(site)} THEN {text_literal(to)}" for site, to in values.items() if site != "*")
    others = f" WHEN {text} IS NOT NULL THEN {text_literal(values['*'])}" if "*" in values else ""
    listed = f"CASE {text} {cases} END" if cases else "CAST(NULL AS VARCHAR)"
    return f"coalesce({listed}, CASE{others} END)" if others else listed
