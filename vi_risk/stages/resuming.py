"""A run that was broken off, gone on with: each stage that was finished is known by all that decides what it wrote.

As a run goes on, a journal in the folder aside keeps for each finished stage a fingerprint of what it was asked for,
one of the files that it left, and run.json as it was then. A run that resumes passes over the stages of which both
still hold and begins at the first of which one does not. With the same records, spec, features, rules, governance and
code that is the stage that was broken off; with a changed one it is the first that the change can touch.

To say what the first stage was asked for, all records are read. A second fingerprint, of what can be told of them at
sight, lets a run do without: where it is the same, so is the first.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pydantic import BaseModel

from vi_risk.running.files import JOURNAL, remove, unfinished
from vi_risk.running.memory import let_go
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import FILES, RUN_FILE, versions, write_json

# Stage of a whole run -> the parts of run.json whose files it writes.
STAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "features": ("records", "features"),
        "model": ("model",),
        "evaluation": ("evaluation",),
        "scores": ("scores",),
        "case_lists": ("case_lists",),
        "tracked_model": (),
        "tracked_lists": (),
    }
)
Asked = Mapping[str, object]
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Finished:
    """One stage that is done.

    Attributes
    ----------
    asked, left
        Fingerprints of what it was asked for, that of the stages before among it, and of the files that it left.
    run
        The content of run.json after it.
    at_sight
        Fingerprint of what it was asked for as far as can be told without reading; None where that is not enough.
    """

    stage: str
    asked: str
    left: str
    run: Mapping[str, Any]
    at_sight: str | None = None


class Journal:
    """Which stages of a run are done, kept in the folder aside; what it finds there was left by a run broken off."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._before = _read(folder / JOURNAL)
        self._done: list[Finished] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None and self._done:
            self._report.warn(
                f"finished before the end: {', '.join(one.stage for one in self._done)}. Unless what was asked is at"
                f" fault, it is kept in {self._folder.name} beside the output folder: `vi-risk run` with --resume goes"
                " on with it, any other run removes it"
            )

    def stage(
        self,
        name: str,
        work: Callable[[], object],
        asked: Asked | Callable[[], Asked] = MappingProxyType({}),
        *,
        at_sight: Asked | None = None,
    ) -> None:
        """Do a stage, unless it is done already with the same things asked; then say so.

        Parameters
        ----------
        asked
            All that decides what the stage writes, beside what the stages before it left; or what finds that out, where
            it takes long.
        at_sight
            What can be said of the same at once: where it has not changed, `asked` has not either, and is not called.
        """
        seen = None if at_sight is None else self.mark(name, at_sight)
        before = self.finished_before(name, at_sight=seen)
        if before is None:
            mark = self.mark(name, asked() if callable(asked) else asked)
            before = self.finished_before(name, asked=mark)
        if before is not None:
            self._done.append(before)
            self._report.stage(f"Finished before: {name.replace('_', ' ')}")
            return
        self._begin_at(name)
        work()
        let_go()  # no stage uses what another held
        run = json.loads((self._folder / RUN_FILE).read_text(encoding="utf-8"))
        self._done.append(Finished(name, mark, self._left_by(name), run, seen))
        self._write()

    def mark(self, name: str, asked: Asked) -> str:
        """Return a fingerprint of what the next stage is asked for, after all that was asked of those before it."""
        after = self._done[-1].asked if self._done else code_mark()
        return fingerprint_of({"after": after, "stage": name, "asked": asked})

    def finished_before(self, name: str, **mark: str | None) -> Finished | None:
        """Return what the run that was broken off says of a stage, where all before it was passed over and it holds."""
        place = len(self._done)
        if place >= len(self._before) or self._done != self._before[:place]:
            return None
        before = self._before[place]
        same = all(known is not None and getattr(before, kind) == known for kind, known in mark.items())
        return before if same and before.stage == name and before.left == self._left_by(name) else None

    def _begin_at(self, name: str) -> None:
        """Take away what this stage and later ones left, and put run.json back to what the stage before made of it."""
        for stage in list(STAGES)[list(STAGES).index(name) :]:
            for file in _files_of(stage):
                remove(self._folder / file)
        if self._done:
            write_json(self._folder / RUN_FILE, self._done[-1].run)
        else:
            remove(self._folder / RUN_FILE)
        self._write()

    def _left_by(self, name: str) -> str:
        """Return a fingerprint of the files that a stage left: their names there and their bytes."""
        mark = hashlib.sha256()
        for entry in (self._folder / file for file in _files_of(name)):
            for path in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
                if path.is_file():
                    mark.update(f"{path.relative_to(self._folder)}\n".encode())
                    with path.open("rb") as opened:
                        mark.update(hashlib.file_digest(opened, "sha256").digest())
        return mark.hexdigest()

    def _write(self) -> None:
        """Write the journal in one step; without a finished stage there is none, and nothing to go on with."""
        journal = self._folder / JOURNAL
        if not self._done:
            remove(journal)
            return
        written = journal.with_name(f"{journal.name}.new")
        written.write_text(json.dumps([asdict(one) for one in self._done], ensure_ascii=False), encoding="utf-8")
        written.replace(journal)


def finished_at_sight(out: Path, stage: str, at_sight: Asked | None) -> bool:
    """Whether a run of `out` that goes on would pass over its first stage by what can be told at sight."""
    journal = Journal(unfinished(out), Silence())
    return at_sight is not None and journal.finished_before(stage, at_sight=journal.mark(stage, at_sight)) is not None


def fingerprint_of(content: object) -> str:
    """Return a fingerprint of plain values, dates, paths, sets and declared things: the same content, the same one.

    Examples
    --------
    >>> fingerprint_of({"a": {2, 1}, "b": date(2025, 1, 1)}) == fingerprint_of({"b": date(2025, 1, 1), "a": {1, 2}})
    True
    >>> fingerprint_of({"a": 1}) == fingerprint_of({"a": 2})
    False
    """
    return hashlib.sha256(json.dumps(_plain(content), sort_keys=True).encode()).hexdigest()


@cache
def code_mark() -> str:
    """Return a fingerprint of the code that runs, and of the packages that decide a result."""
    mark = hashlib.sha256(json.dumps(versions(), sort_keys=True).encode())
    for file in sorted(_PACKAGE.rglob("*")):
        if file.suffix in (".py", ".html", ".css", ".toml"):
            mark.update(file.read_bytes())
    return mark.hexdigest()


def _plain(content: Any) -> Any:
    """Return values as JSON has them, in an order that does not hang on that of a set or a mapping."""
    if isinstance(content, BaseModel):
        return _plain(content.model_dump(mode="json"))
    if is_dataclass(content) and not isinstance(content, type):
        return {each.name: _plain(getattr(content, each.name)) for each in fields(content) if each.compare}
    if isinstance(content, Mapping):
        return sorted([str(name), _plain(value)] for name, value in content.items())
    if isinstance(content, Set):
        return sorted(json.dumps(_plain(one), sort_keys=True) for one in content)
    if isinstance(content, list | tuple):
        return [_plain(one) for one in content]
    if content is None or isinstance(content, str | int | float):
        return content
    if isinstance(content, date | Path):
        return str(content)
    msg = f"{type(content).__name__}: expected a value that is declared"
    raise TypeError(msg)


def _files_of(stage: str) -> tuple[str, ...]:
    return tuple(file for part in STAGES[stage] for file in FILES[part])


def _read(journal: Path) -> list[Finished]:
    """Return the finished stages of a run that was broken off; a damaged journal is as good as none."""
    try:
        return [Finished(**entry) for entry in json.loads(journal.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
