"""What a caller gives, refused in plain words before it is used: no day, another type, no whole number."""

from datetime import date, datetime
from numbers import Integral
from typing import TypeGuard

from vi_risk.errors import UsageError


def refuse_no_day(value: object, *, name: str = "index_date") -> None:
    """Refuse a text, a time stamp or anything else where a day is asked for, before it is compared with one.

    Raises
    ------
    UsageError
        It is not a `datetime.date`; a time stamp, which Python takes for one, is none.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return
    mend = "date.fromisoformat(...)" if isinstance(value, str) else ".date() of it" if isinstance(value, date) else ""
    msg = f"{name}: expected a datetime.date, such as date(2025, 4, 1), got {type(value).__name__}."
    raise UsageError(f"{msg} Give {mend}." if mend else msg)


def refuse_another(value: object, kind: type, *, name: str, made_by: str) -> None:
    """Refuse what is not of a class of ours: a name where a spec is asked for, a folder where records are.

    Raises
    ------
    UsageError
        It is not of that class.
    """
    if not isinstance(value, kind):
        msg = f"{name}: expected {kind.__name__}, got {type(value).__name__}. Make it with {made_by}."
        raise UsageError(msg)


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is a whole number; a bool is an int to Python, and a fault where a number is asked for."""
    return isinstance(value, Integral) and not isinstance(value, bool)
