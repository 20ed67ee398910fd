"""People of these tests: NHS numbers of the range that is never given to anybody (999), and what stands for one."""

from collections.abc import Iterable
from datetime import date

import pyarrow as pa
from nhs_number.validate import is_valid

from vi_risk.identity.keys import Key
from vi_risk.identity.practices import PRACTICES, Practices

KEY = Key("direct care", "RL4", bytes(range(32)))
OTHER_KEY = Key("direct care", "RL4", bytes(range(1, 33)))


def numbers(how_many: int) -> list[str]:
    """Return the first numbers of the range whose check digit is right."""
    found: list[str] = []
    for start in range(999_000_000, 1_000_000_000):
        found += [number for digit in range(10) if is_valid(number := f"{start}{digit}")]
        if len(found) >= how_many:
            return found[:how_many]
    raise AssertionError


NUMBERS = numbers(60)


def registered(rows: Iterable[tuple[str, str] | tuple[str, str, str, str]]) -> Practices:
    """Return who is registered where: NHS number, practice_code and, where they matter, the first and last day."""
    found = []
    for row in rows:
        number, practice, begun, ended = (*row, "2015-01-01", "")[:4]
        days = (date.fromisoformat(begun), date.fromisoformat(ended) if ended else None)
        found.append(dict(zip(PRACTICES.names, (number, practice, *days), strict=True)))
    return Practices(pa.Table.from_pylist(found, schema=PRACTICES))
