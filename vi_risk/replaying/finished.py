"""The dates of a replay that are done: a replay that was broken off goes on with them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from vi_risk.replaying.finds import DateEvidence
from vi_risk.replaying.not_run import NotRun
from vi_risk.running.files import JOURNAL, remove
from vi_risk.running.run_file import write_json

_NOT_RUN = "not_run"  # key of the reason


@dataclass(frozen=True, slots=True)
class FinishedDates:
    """The dates that are done, each a file of its evidence and one of who was listed, or of why it could not be run."""

    folder: Path

    @classmethod
    def in_folder(cls, aside: Path, folder: Path, *, asked: str) -> "FinishedDates":
        """Return those that still hold: what was left by a replay that was asked something else goes.

        Parameters
        ----------
        aside
            The folder in which the next content of the output folder is written; its journal says what was asked.
        asked
            A fingerprint of all that decides the list of a date.
        """
        journal = aside / JOURNAL
        if _asked_before(journal) != asked:
            remove(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        write_json(journal, {"asked": asked})
        return cls(folder)

    def holds(self, day: date) -> bool:
        """Return whether a date is done; its evidence is written last, in one step."""
        return self._evidence_of(day).is_file()

    def keep(self, evidence: DateEvidence, listed: pd.DataFrame) -> None:
        """Write what a date says."""
        listed.to_parquet(self._listed_at(evidence.day), index=False, compression="zstd")
        self._write(evidence.day, evidence.to_dict())

    def keep_not_run(self, one: NotRun) -> None:
        """Write why a date could not be run: asked the same of the same records, it never can."""
        self._write(one.day, {"day": one.day.isoformat(), _NOT_RUN: one.reason})

    def not_run(self, days: Sequence[date]) -> list[NotRun]:
        """Return which of the dates could not be run."""
        read = {day: self._read(day) for day in days}
        return [NotRun(day, said[_NOT_RUN]) for day, said in read.items() if _NOT_RUN in said]

    def evidence(self, day: date) -> DateEvidence:
        """Return what a date says that could be run."""
        return DateEvidence.from_dict(self._read(day))

    def listed(self, days: Sequence[date]) -> pd.DataFrame:
        """Return who was listed at each date: `vi_risk.replaying.finds.LISTED_COLUMNS`."""
        return pd.concat([pd.read_parquet(self._listed_at(day)) for day in days], ignore_index=True)

    def _write(self, day: date, content: Mapping[str, object]) -> None:
        path = self._evidence_of(day)
        aside = path.with_name(f".{path.name}")
        write_json(aside, content)
        aside.replace(path)

    def _read(self, day: date) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self._evidence_of(day).read_text(encoding="utf-8"))
        return read

    def _evidence_of(self, day: date) -> Path:
        return self.folder / f"{day}.json"

    def _listed_at(self, day: date) -> Path:
        return self.folder / f"{day}.parquet"


def _asked_before(journal: Path) -> str | None:
    """Return what a replay that was broken off was asked; None where none was, or a run of another kind."""
    try:
        content = json.loads(journal.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content.get("asked") if isinstance(content, Mapping) else None
