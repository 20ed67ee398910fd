"""How far back each source can be seen, so that training, test and list look back equally far."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from vi_risk.features.declarations import CODED_ENTRIES, Catalogue, Definition
from vi_risk.records.linked import Records


@dataclass(frozen=True, slots=True)
class Coverage:
    """The look-back that every index date has in common.

    Attributes
    ----------
    windows
        Feature name -> days used instead of the declared window, or None where the feature cannot be told apart from a
        shorter one or its source is not seen at all; only features that differ from their declaration.
    notes
        The same in words, for the run's report and the model card.
    """

    windows: dict[str, int | None]
    notes: tuple[str, ...]


def common_coverage(records: Records, catalogue: Catalogue, index_dates: Iterable[date]) -> Coverage:
    """Cut every window to what all index dates can see of its source.

    A definition whose windows collapse into one keeps the shortest; the longer ones are left missing rather than
    repeated. Comparing a two-year count at one date with a one-year count at another would be comparing records, not
    patients.
    """
    earliest = min(index_dates)
    windows: dict[str, int | None] = {}
    notes = []
    for source in dict.fromkeys(d.table for d in catalogue.definitions if d.windows):
        definitions = [d for d in catalogue.definitions if d.table == source and d.windows]
        start = seen_from(records, source)
        if start is None:
            continue  # the records lack the source; that is said where absent tables are
        reach = (earliest - start).days
        cut = {name: days for d in definitions for name, days in _cut(catalogue, d, reach).items()}
        windows |= cut
        if cut and reach <= 0:
            notes.append(f"{source} is seen from {start} only, after the first index date: its features are missing")
        elif cut:
            notes.append(f"{source} is seen from {start}: look-back is {reach} days at every index date")
    return Coverage(windows, tuple(notes))


def seen_from(records: Records, source: str) -> date | None:
    """Return the day from which a source is complete; coded entries go by the hospital's where there are any."""
    if source in (CODED_ENTRIES, "diagnoses"):
        return records.seen_from("spells") if records.has("diagnoses") else records.seen_from("gp_events")
    return records.seen_from(source)


def _cut(catalogue: Catalogue, definition: Definition, reach: int) -> dict[str, int | None]:
    cut: dict[str, int | None] = {}
    taken: dict[str | None, set[int]] = {}
    for feature in catalogue.features_of(definition):
        if feature.window is None:
            continue
        used = min(feature.window, reach)
        others = taken.setdefault(feature.group, set())
        if used < 1 or used in others:
            cut[feature.name] = None
        elif used != feature.window:
            cut[feature.name] = used
        others.add(used)
    return cut
