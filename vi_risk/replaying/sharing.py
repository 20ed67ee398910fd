"""Features shared between the dates of a replay: what several of them need is computed once, many dates in one sweep.

A feature at an index date is told from what was known then, whoever asks later; only how far back it looks may hang on
the replayed date, whose run looks back equally far at all of its dates. So definitions that every replayed date asks
alike are computed for all index dates together, the others for those that agree. What is computed stands in the cache
by its content: whatever is not shared after all, each date computes for itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.engine import Windows
from vi_risk.models.planning import Plan
from vi_risk.records.linked import Records
from vi_risk.replaying.people import PeopleAt
from vi_risk.running.memory import budget, let_go

if TYPE_CHECKING:
    import pandas as pd

# Values held at once while features are computed: 800 MB, which the engine needs about once more.
_VALUES_AT_ONCE = 100_000_000
# Of a row beside its features, as so many numbers.
_COLUMNS_OF_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Shared:
    """Definitions that some replayed dates ask alike.

    Attributes
    ----------
    windows
        Feature -> days of look-back where they differ from the declared window, the same for all `dates`.
    dates
        The replayed dates that ask so.
    """

    definitions: tuple[Definition, ...]
    windows: Windows
    dates: tuple[date, ...]


def asked_alike(plans: Sequence[Plan]) -> list[Shared]:
    """Return which definitions which dates ask alike: each definition once for each look-back it is asked with.

    The plans are of one catalogue.
    """
    catalogue = plans[0].catalogue
    together: dict[tuple[date, ...], list[Definition]] = {}
    for definition in catalogue.definitions:
        by_look_back: dict[tuple[int | None, ...], list[date]] = {}
        for plan in plans:
            look_back = tuple(plan.windows.get(f.name, f.window) for f in catalogue.features_of(definition))
            by_look_back.setdefault(look_back, []).append(plan.index_dates.list_date)
        for days in by_look_back.values():
            together.setdefault(tuple(days), []).append(definition)
    plan_of = {plan.index_dates.list_date: plan for plan in plans}
    return [
        Shared(tuple(definitions), _of(plan_of[days[0]], definitions), days) for days, definitions in together.items()
    ]


def compute_shared(records: Records, people: Sequence[PeopleAt], cache: FeatureCache) -> None:
    """Put into the cache what the replayed dates will ask of it; what it holds already is not computed again."""
    if not people:
        return
    asked = {one.day: one.asked() for one in people}
    fingerprints = records.fingerprints()
    for shared in asked_alike([one.plan for one in people]):
        catalogue = replace(people[0].plan.catalogue, definitions=shared.definitions)
        for rows in _at_once(asked, shared.dates, catalogue):
            cache.compute(records, rows, catalogue, windows=shared.windows, fingerprints=fingerprints)
            let_go()


def _of(plan: Plan, definitions: Sequence[Definition]) -> dict[str, int | None]:
    names = {feature.name for definition in definitions for feature in plan.catalogue.features_of(definition)}
    return {name: days for name, days in plan.windows.items() if name in names}


def _at_once(
    asked: "dict[date, pd.DataFrame]", dates: Sequence[date], catalogue: Catalogue
) -> "Iterator[pd.DataFrame]":
    """Yield the people of whole index dates, as many dates as memory holds; each date as the first replay asks it."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    by_index_date: dict[date, pd.DataFrame] = {}
    for day in dates:
        for _, rows in asked[day].groupby("index_date"):
            by_index_date.setdefault(rows["index_date"].iloc[0], rows)
    width = len(catalogue.features) + _COLUMNS_OF_A_ROW
    most = min(_VALUES_AT_ONCE // width, budget().rows_at_once(width))
    held: list[pd.DataFrame] = []
    for _, rows in sorted(by_index_date.items()):
        if held and sum(map(len, held)) + len(rows) > most:
            yield pd.concat(held, ignore_index=True)
            held = []
        held.append(rows)
    if held:
        yield pd.concat(held, ignore_index=True)
