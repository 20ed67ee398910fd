"""The records that all contenders read, as Parquet files: copies of a synthetic trust, each with people of its own."""

import argparse
from dataclasses import dataclass
from pathlib import Path

COPIES = 16
NOT_COPIED = ("practices",)


@dataclass(frozen=True, slots=True)
class Place:
    """The first copies of a trust in a folder: `TABLE/00.parquet`, `TABLE/01.parquet` and so on, sorted by person."""

    folder: Path
    copies: int

    @property
    def tables(self) -> tuple[str, ...]:
        """Canonical tables that are there."""
        return tuple(sorted(path.name for path in (self.folder / "records").iterdir()))

    def files(self, table: str) -> list[str]:
        """Return the files of a table."""
        copies = 1 if table in NOT_COPIED else self.copies
        return [str(self.folder / "records" / table / f"{copy:02}.parquet") for copy in range(copies)]

    def cohort(self, dates: int) -> list[str]:
        """Return the files with patient_id, index_date and gp_seen_from of one or eight index dates."""
        return [str(self.folder / f"cohort_{dates}" / f"{copy:02}.parquet") for copy in range(self.copies)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a contender is asked: which records, how many index dates, which features, where to write them."""

    place: Place
    dates: int
    features: str
    engine: str
    out: Path
    memory_gigabytes: float | None


def asked_of(contender: str) -> Asked:
    """Read what a contender is asked from its command line."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.contenders.{contender}")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--copies", type=int, required=True)
    parser.add_argument("--dates", type=int, choices=(1, 8), default=1)
    parser.add_argument("--features", choices=("all", "by_hand", "counts"), default="all")
    parser.add_argument("--engine", choices=("auto", "portable", "sweep"), default="auto")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--memory-gigabytes", type=float)
    told = parser.parse_args()
    place = Place(told.folder, told.copies)
    return Asked(place, told.dates, told.features, told.engine, told.out, told.memory_gigabytes)
