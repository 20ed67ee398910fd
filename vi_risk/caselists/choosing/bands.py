"""Bands of risk: a name and circles for each range, so that a list can be read across a room."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_KEYS = ("name", "from", "symbol")
_SYMBOL = re.compile(r"[●○]{1,10}")


@dataclass(frozen=True, slots=True)
class Band:
    """A named range of risk that begins at `risk_from`, with the circles that stand beside its name."""

    name: str
    risk_from: float
    symbol: str


def read_bands(entries: object) -> tuple[tuple[Band, ...], list[str]]:
    """Return the bands that could be read, and every fault of all of them."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return (), [
            "band: expected [[band]] tables, each with name, from and symbol; found something else. Write them so."
        ]
    faults: list[str] = []
    bands: list[Band] = []
    for number, entry in enumerate(entries, start=1):
        found = [
            f"{key}: is not a known key. Expected one of: {', '.join(_KEYS)}. Remove it or check its spelling."
            for key in entry
            if key not in _KEYS
        ]
        found += [f"{key}: is missing. Add it." for key in _KEYS if key not in entry]
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
    return tuple(bands), faults + band_faults(bands, complete=not faults)


def band_faults(bands: Sequence[Band], *, complete: bool = True) -> list[str]:
    """Return what is wrong with bands: they fall from the highest, end at 0, and share no name and no symbol."""
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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
