"""One person of these tests, who is nobody, and what may stand in a file without telling of them."""

from pathlib import Path

from vi_risk.leaks.identifiers import Identifiers
from vi_risk.leaks.scanning import Scan, scan
from vi_risk.leaks.searching import ListedSearch

NUMBER = "9990000034"  # of the range that is never given to anybody
POSTCODE = "ZZ12 3QX"
NAME = "Zoë Sekretname"
ADDRESS = "12, Sekret Street"
EVERYTHING = (NUMBER, POSTCODE, NAME, ADDRESS)
HARMLESS = "pxph4d7mzqkoztibm, 1,234 people of M92001, 0.9990000034, 2025-01-01"

SEARCH = ListedSearch.of(Identifiers.of(EVERYTHING))


def scanned(*places: Path) -> Scan:
    """Return what is found of this person."""
    return scan(places, SEARCH)


def told(*places: Path) -> list[str]:
    """Return the findings in words; none of them tells what was found."""
    words = [finding.in_words() for finding in scanned(*places).findings]
    assert not [secret for secret in EVERYTHING for line in words if secret in line]
    return words
