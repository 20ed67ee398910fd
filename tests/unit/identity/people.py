"""People of these tests: NHS numbers of the range that is never given to anybody (999), and what stands for one."""

from nhs_number.validate import is_valid

from vi_risk.identity.keys import Key

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
