"""The rules of a case list that a site may set: bands of risk, places per practice, reasons shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeGuard

from vi_risk import declared
from vi_risk.errors import SpecificationError, UsageError

SHIPPED_RULES = Path(__file__).with_name("caselist.toml")
MOST_REASONS = 5  # the columns reason_1 to reason_5 of every list

_KEYS = ("band", "capacity", "reasons")
_BAND_KEYS = ("name", "from", "symbol")
_SYMBOL = re.compile(r"[●○]{1,10}")


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of risk that begins at `risk_from`, with the circles that stand beside its name."""

    name: str
    risk_from: float
    symbol: str


@dataclass(frozen=True, slots=True)
class CaseListRules:
    """Bands from the highest to the lowest, places on the list of each practice, and reasons shown per person.

    Raises
    ------
    SpecificationError
        The rules contradict themselves; the message has one line for each fault.
    """

    bands: tuple[Band, ...]
    capacity: int = 20
    reasons: int = 5

    def __post_init__(self) -> None:
        faults = [*_band_faults(self.bands), *_number_faults(self.capacity, self.reasons)]
        if faults:
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    def band(self, risk: float) -> str:
        """Return the name of the band that holds this risk; a cut point belongs to the band that it begins.

        Examples
        --------
        >>> rules = load_rules()
        >>> rules.band(0.5), rules.band(0.499)
        ('very high', 'high')
        """
        if not 0 <= risk <= 1:
            msg = "case list: a risk is outside 0 to 1 or missing; bands need a probability. Score the people again."
            raise UsageError(msg)
        return next(band.name for band in self.bands if risk >= band.risk_from)

    def grade(self, name: str) -> int:
        """Return the place of a band counted from the highest, 0 first.

        Raises
        ------
        UsageError
            The rules have no band of that name: the list was made under other rules.
        """
        names = [band.name for band in self.bands]
        if name not in names:
            msg = (
                f"case list: the band {name!r} is not among those of the rules ({', '.join(names)})."
                " Write the list with the rules that it was made by."
            )
            raise UsageError(msg)
        return names.index(name)


def load_rules(path: Path | None = None) -> CaseListRules:
    """Read the rules from a TOML file; without one, those shipped. A key left out keeps its shipped value.

    Raises
    ------
    SpecificationError
        The file is not TOML, or has faults; the message has one line for each fault.
    """
    shipped = declared.read_toml(SHIPPED_RULES)
    given = shipped if path is None else declared.read_toml(path)
    where = (path or SHIPPED_RULES).name
    faults = [_unknown(key, _KEYS) for key in given if key not in _KEYS]
    content = {**shipped, **given}
    bands, band_faults = _read_bands(content["band"])
    capacity, reasons = content["capacity"], content["reasons"]
    faults += [*band_faults, *_number_faults(capacity, reasons)]
    if faults:
        raise SpecificationError.of([f"{where}: {fault}" for fault in faults])
    return CaseListRules(bands, capacity, reasons)


def _read_bands(entries: object) -> tuple[tuple[Band, ...], list[str]]:
    """Return the bands that could be read, and every fault of all of them."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return (), [
            "band: expected [[band]] tables, each with name, from and symbol; found something else. Write them so."
        ]
    faults: list[str] = []
    bands: list[Band] = []
    for number, entry in enumerate(entries, start=1):
        found = [_unknown(key, _BAND_KEYS) for key in entry if key not in _BAND_KEYS]
        found += [f"{key}: is missing. Add it." for key in _BAND_KEYS if key not in entry]
        found += [
            f"{key}: expected text, found {entry[key]!r}. Write it in quotes."
            for key in ("name", "symbol")
            if key in entry and not isinstance(entry[key], str)
        ]
        if "from" in entry and not _is_number(entry["from"]):
            found.append(f"from: expected a number from 0 to 1, found {entry['from']!r}. Write it without quotes.")
        if found:
            faults += [f"band {number}: {fault}" for fault in found]
        else:
            bands.append(Band(entry["name"], float(entry["from"]), entry["symbol"]))
    # With a band unread, the order of the others can still be judged, but not whether one is missing or ends at 0.
    return tuple(bands), faults + _band_faults(bands, complete=not faults)


def _band_faults(bands: Sequence[Band], *, complete: bool = True) -> list[str]:
    faults: list[str] = []
    for band in bands:
        where = f"band {band.name!r}"
        if not band.name.strip():
            faults.append(f"{where}: name: expected a word or two, found none. Name the band.")
        if not 0 <= band.risk_from <= 1:
            faults.append(f"{where}: from: expected 0 to 1, found {band.risk_from:g}. Write 30 % as 0.3.")
        if not _SYMBOL.fullmatch(band.symbol):
            faults.append(f"{where}: symbol: expected 1 to 10 of ● and ○, found {band.symbol!r}. Copy a shipped one.")
    cuts = [band.risk_from for band in bands]
    shown = ", ".join(f"{cut:g}" for cut in cuts)
    if any(lower >= higher for higher, lower in pairwise(cuts)):
        faults.append(
            f"band: expected `from` to fall from each band to the next, found {shown}. Put the highest first."
        )
    if complete and (not cuts or cuts[-1] != 0):
        faults.append(f"band: expected the last band from 0, found {shown or 'no band'}. Add a band from 0.0.")
    for key, values in (("name", [band.name for band in bands]), ("symbol", [band.symbol for band in bands])):
        twice = sorted({value for value in values if values.count(value) > 1})
        faults += [f"band: {key}: expected each once, found {value!r} again. Change one of them." for value in twice]
    return faults


def _number_faults(capacity: object, reasons: object) -> list[str]:
    faults = []
    if not _is_whole(capacity) or capacity < 1:
        faults.append(f"capacity: expected a whole number from 1, found {capacity!r}. Give the places on one list.")
    if not _is_whole(reasons) or not 1 <= reasons <= MOST_REASONS:
        faults.append(
            f"reasons: expected a whole number from 1 to {MOST_REASONS}, found {reasons!r}. Choose one of them."
        )
    return faults


def _unknown(key: str, known: Sequence[str]) -> str:
    return f"{key}: is not a known key. Expected one of: {', '.join(known)}. Remove it or check its spelling."


def _is_whole(value: object) -> TypeGuard[int]:  # a bool is an int to Python, and a fault in a rules file
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
