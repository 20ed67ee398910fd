"""What the first stages are asked for: records from where, features for which model and which list."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from, for run.json: folder name, mapping, governance in one line, what reviews came to."""

    records: str
    mapping: str
    governance: str | None = None
    reviews: tuple[str, ...] = ()
    practices_outside: tuple[str, ...] = ()  # that governance allows a list


@dataclass(frozen=True, slots=True)
class ListBefore:
    """The list before: its date, and the file of who was on it; without one, whom today's model would have listed."""

    index_date: date
    listed: Path | None = None


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    """Which features to build: for which model, for a list at which date, from which records.

    Attributes
    ----------
    catalogue
        The declared features.
    cache
        Folder with features of earlier runs (`vi_risk.features.cache`); None keeps none.
    previous
        The list before, to tell what changed since; None tells nothing.
    """

    spec: ModelSpec
    index_date: date
    source: Source
    catalogue: Catalogue = field(default_factory=read_catalogue)
    cache: Path | None = None
    previous: ListBefore | None = None
