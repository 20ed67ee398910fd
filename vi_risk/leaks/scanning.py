"""Folders searched, file by file, for identifiers: where any stand, and how many, never which."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from vi_risk.errors import InputError, LeakError
from vi_risk.leaks.contents import Block, Unopened, contents
from vi_risk.leaks.searching import Search

_WITHHELD = "(a name that is itself an identifier)"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Identifiers of one kind in one place.

    Attributes
    ----------
    place
        The file, and where in it: a member, a column.
    form
        How they are written; empty where as people write them.
    times
        How often any of them stands there.
    """

    place: str
    kind: str
    form: str
    times: int

    def in_words(self) -> str:
        """Tell where, what and how often."""
        form = f" {self.form}" if self.form else ""
        return f"{self.place}: {self.kind}{form}, {self.times:,} {'time' if self.times == 1 else 'times'}"


@dataclass(frozen=True, slots=True)
class Scan:
    """What was searched, and what was found.

    Attributes
    ----------
    findings
        In order of their places.
    files, size
        How many were searched, and their bytes as they lie on the disk.
    left_out
        Files that were not searched because they were named.
    unopened
        Place -> why it was searched as bytes alone.
    """

    findings: Sequence[Finding]
    files: int
    size: int
    left_out: int
    unopened: dict[str, str]

    def raise_found(self) -> None:
        """Refuse what holds identifiers.

        Raises
        ------
        LeakError
            Any was found.
        """
        if self.findings:
            places = len({finding.place for finding in self.findings})
            msg = (
                f"{places:,} {'place holds' if places == 1 else 'places hold'} what may say who somebody is. Keep these"
                " files from others, look at them, and find out which step wrote them before you remove them."
            )
            raise LeakError(msg)


def scan(
    places: Iterable[Path], search: Search, *, but: Sequence[str] = (), report: Callable[[str], None] | None = None
) -> Scan:
    """Search files, and all files of folders, names included; links to folders are not followed.

    Parameters
    ----------
    but
        Patterns of the names of files that are left out, such as ``*.identified.*``.
    report
        Is told the number of files, now and then.

    Raises
    ------
    InputError
        A place is not there, or a file cannot be read: then nobody can say that nothing leaked.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    unopened: dict[str, str] = {}
    files = size = left_out = 0
    for path, name in _files(places):
        if any(fnmatch(path.name, pattern) for pattern in but):
            left_out += 1
            continue
        files += 1
        size += path.stat().st_size
        place = (_told((name,), search),)
        names = Block(place, "\n".join(Path(name).parts).encode(errors="replace"), text=True)
        found.update({(f"{place[0]}, its name", *what): times for what, times in search.found(names).items()})
        for block in _read(path, place):
            if isinstance(block, Unopened):
                unopened[_told(block.place, search)] = block.why
            elif there := +search.found(block):
                told = _told(block.place, search)
                found.update({(told, *what): times for what, times in there.items()})
        if report is not None and files % 1000 == 0:
            report(f"{files:,} files")
    findings = sorted(Finding(*key, times) for key, times in found.items() if times > 0)
    return Scan(findings, files, size, left_out, dict(sorted(unopened.items())))


def _files(places: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file once, and its name from the place that was asked for."""
    seen: set[Path] = set()
    for place in places:
        if not place.exists():
            msg = f"{place}: no such file or folder. Name what is to be searched."
            raise InputError(msg)
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.is_file() and (true := path.resolve()) not in seen:
                seen.add(true)
                yield path, str(path)


def _read(path: Path, place: tuple[str, ...]) -> Iterator[Block | Unopened]:
    try:
        with path.open("rb") as stream:
            yield from contents(stream, place)
    except OSError as error:
        msg = f"{place[0]}: cannot be read ({error.strerror}). Search it as a user who may read it."
        raise InputError(msg) from None


def _told(place: tuple[str, ...], search: Search) -> str:
    """Return a place for people; a part of it that is itself an identifier is not told."""
    told = []
    for part in place:
        parts = [
            _WITHHELD if sum(search.found(Block((), name.encode(errors="replace"), text=True)).values()) else name
            for name in part.split("/")
        ]
        told.append("/".join(parts))
    return ", ".join(told)
