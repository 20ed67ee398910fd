"""How text and numbers of a file become canonical types: SQL that gives null where a value is not clearly one."""

from collections.abc import Callable

from vi_risk.records.tables import Column

Formats = str | list[str] | None  # strptime formats of a column, tried in order

_PLACE = "Europe/London"  # whose midnight begins a day

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


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
            name, engine_type = f"timezone({text_literal(_PLACE)}, {name})", "TIMESTAMP"
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
        self.failed = f"WHERE {present} AND ({self.sql}) IS NULL"


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
    if engine_type in ("DOUBLE", "FLOAT") or engine_type.startswith("DECIMAL"):
        whole, other = f"CAST(CAST({value} AS HUGEINT) AS VARCHAR)", f"CAST({value} AS VARCHAR)"
        return f"CASE WHEN {value} = floor({value}) THEN {whole} ELSE {other} END"
    return f"CAST({value} AS VARCHAR)"


def _read_text(value: str, engine_type: str, _: Formats) -> str:
    nested = engine_type.endswith("]") or engine_type.startswith(("STRUCT", "MAP", "UNION"))
    return "CAST(NULL AS VARCHAR)" if nested else _as_text(value, engine_type)


def _read_integer(value: str, _: str, __: Formats) -> str:
    number = f"TRY_CAST({value} AS DOUBLE)"
    return f"CASE WHEN {number} = floor({number}) AND isfinite({number}) THEN TRY_CAST({number} AS BIGINT) END"


def _read_number(value: str, _: str, __: Formats) -> str:
    return f"CASE WHEN isfinite(TRY_CAST({value} AS DOUBLE)) THEN TRY_CAST({value} AS DOUBLE) END"


def _read_moment(kind: str) -> Callable[[str, str, Formats], str]:
    def read(value: str, engine_type: str, date_format: Formats) -> str:
        if date_format is not None:
            formats = [date_format] if isinstance(date_format, str) else date_format
            known = ", ".join(text_literal(one) for one in formats)
            moment = f"try_strptime({_as_text(value, engine_type)}, [{known}])"
        elif engine_type == "VARCHAR":
            # Four-digit years only: '24-01-05' would be read as the year 24.
            moment = f"CASE WHEN regexp_matches({value}, '^[0-9]{{4}}-') THEN TRY_CAST({value} AS TIMESTAMP) END"
        elif engine_type == "DATE" or engine_type.startswith("TIMESTAMP"):
            moment = value
        else:
            return f"CAST(NULL AS {kind})"  # a number is no date, however large
        return f"CAST({moment} AS {kind})"

    return read


def _read_boolean(value: str, engine_type: str, _: Formats) -> str:
    if engine_type == "BOOLEAN":
        return value
    plain = f"lower(trim(CAST({value} AS VARCHAR)))"
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
