"""Features of a batch of people by one pass over each source, however many index dates they have."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.asking import KEYS
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import PERSON_MEASURES, Definition, Feature
from vi_risk.features.matching import Codes
from vi_risk.features.rows import Asked
from vi_risk.features.seen import AsSeen, Values
from vi_risk.features.sources import ADMISSIONS, CONTACTS
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.admissions import admissions_query, tape_of_admissions
from vi_risk.features.sweep.columns import Finish, Gathered, finish_of
from vi_risk.features.sweep.contacts import contacts_query, kinds_query, tape_of_contacts
from vi_risk.features.sweep.kernels import Dates, Groups, Readers
from vi_risk.features.sweep.people import Attributes, attributes_query, days_practice_seen
from vi_risk.features.sweep.plan import Gather, Plan, Reader
from vi_risk.features.sweep.tapes import NumberedCodes, Tape, dates_of, tape_of, tape_query, words_of

NameOf = Callable[[str], str]
MakeTape = Callable[[pa.Table, Dates], tuple[Tape, Dates]]
Features = Iterator[tuple[str, Values]]

_BEGINS_AS = {Gather.LAST: kernels.NEVER, Gather.FIRST: -1, Gather.MOST: kernels.LEAST, Gather.LATEST: kernels.NEVER}


class View(NamedTuple):
    """A query of the batch that is shown at the time, and a view of it, which needs no compiling.

    The view lasts as long as the query, which holds its tables of codes.
    """

    query: ir.Table
    rows: ir.Table


@dataclass(frozen=True)
class Pass:
    """One source: what is gathered of it, how features are made of that, and where its rows come from.

    Attributes
    ----------
    tape
        Makes a tape of the rows that the view finds, and says which dates see each of them.
    """

    plan: Plan
    finish: Mapping[str, tuple[Finish, AsSeen]]
    numbered: NumberedCodes
    view: View
    tape: MakeTape

    def features(self, rows: pa.Table, dates: Dates, days_seen: kernels.Int64) -> Features:
        """Return each feature: its name, and its value for each person and index date, NaN where it is missing."""
        tape, dates = self.tape(rows, dates)
        del rows
        gathered = Gathered(
            _gathered(self.plan, tape, dates),
            _things_counted(self.plan, tape, dates),
            _nearest(self.plan, self.numbered, tape, dates),
        )
        for name, (finish, rule) in self.finish.items():
            yield name, rule.values(finish(gathered), days_seen)


def _rows_of(
    plan: Plan, asked: Asked, whose: ir.Table, codes: Codes | None, numbered: NumberedCodes, backend: Any
) -> tuple[ir.Table, MakeTape]:
    """Return the query of a source's rows, and what makes a tape of them."""
    if plan.source == CONTACTS:
        kinds = backend.to_pyarrow(kinds_query(plan))
        return contacts_query(plan, asked, whose), partial(tape_of_contacts, plan, kinds)
    if plan.source == ADMISSIONS:
        return admissions_query(plan, asked), partial(tape_of_admissions, plan)
    return tape_query(plan, asked, whose, codes, numbered), lambda rows, dates: (tape_of(plan, rows, numbered), dates)


def _gathered(plan: Plan, tape: Tape, dates: Dates) -> kernels.Int64:
    kept = np.zeros((plan.columns, len(dates.on)), np.int64)
    own: dict[Reader, list[tuple[Gather, int, int]]] = {}
    for (reader, gather, window), place in plan.gatherings.items():
        own.setdefault(reader, []).append((gather, window, place))
        if gather in _BEGINS_AS:
            kept[place] = _BEGINS_AS[gather]
    every = np.array([gathering for of_reader in own.values() for gathering in of_reader], np.int32).reshape(-1, 3)
    readers = Readers(
        words_of((reader.needs for reader in own), plan.bits),
        np.array([-1 if reader.value is None else reader.value for reader in own], np.int32),
        words_of((reader.part for reader in own), plan.bits),
        np.cumsum([0, *map(len, own.values())]).astype(np.int32),
        *(np.ascontiguousarray(column) for column in every.T),
    )
    kernels.gather(tape.rows, tape.values, dates, readers, kept)
    return kept


def _things_counted(plan: Plan, tape: Tape, dates: Dates) -> kernels.Int32:
    kept = np.zeros((len(plan.things), len(dates.on)), np.int32)
    if not plan.things:
        return kept
    order = kernels.in_order(tape.rows.person, len(dates.on), np.arange(len(tape.rows.person), dtype=np.int32))
    for things in dict.fromkeys(things for things, _ in plan.things):
        columns = {window: column for (one, window), column in plan.things.items() if one == things}
        counts = np.zeros((len(columns), len(dates.on)), np.int32)
        windows = np.array(list(columns), np.int32)
        kernels.count_things(
            order, tape.rows, *tape.things[things], dates, words_of([things.needs], plan.bits), windows, counts
        )
        kept[list(columns.values())] = counts
    return kept


def _nearest(plan: Plan, codes: NumberedCodes, tape: Tape, dates: Dates) -> kernels.UInt16:
    kept = np.full((len(plan.places), len(dates.on)), kernels.NO_DAYS, np.uint16)
    if plan.places:
        groups = Groups(words_of((place.needs for place in plan.places), plan.bits), codes.begins, codes.members)
        kernels.nearest(tape.rows, tape.code, dates, groups, plan.longest, kept)
    return kept


@dataclass(frozen=True)
class Sweep:
    """The passes over all sources, and what people tell without any.

    Attributes
    ----------
    names
        All features.
    practice_seen
        Feature -> its window, of those that are days on which the practice was seen.
    attributes
        The features of the person, and the view of what they are made of.
    """

    names: tuple[str, ...]
    backend: Any
    name_of: NameOf
    passes: tuple[Pass, ...]
    practice_seen: Mapping[str, int]
    attributes: tuple[Attributes, View] | None

    @classmethod
    def prepared(
        cls,
        asked: Asked,
        catalogue: Catalogue,
        definitions: Iterable[Definition],
        windows: Mapping[str, int | None],
        codes: Mapping[str, Codes],
        backend: Any,
        name_of: NameOf,
    ) -> "Sweep":
        """Plan the passes; their queries read the views that `asked` is made of, whatever these show at the time."""

        def view(name: str, query: ir.Table) -> View:
            return View(query, backend.create_view(name_of(name), query))

        nobody = pa.table({"patient_id": pa.array([], pa.string()), "_person": pa.array([], pa.int32())})
        whose = backend.create_table(name_of("whose"), nobody)
        of_person, practice_seen, by_source = _sorted_out(catalogue, definitions, windows)
        passes = []
        for source, features in by_source.items():
            longest = max(window for _, window in features)
            plan = Plan(source, longest, only_matched=all(f.definition.codes is not None for f, _ in features))
            has_diagnoses = "diagnoses" in asked.tables
            finish = {
                feature.name: (
                    finish_of(plan, catalogue, feature, window),
                    AsSeen.of(feature.definition, window, has_diagnoses=has_diagnoses),
                )
                for feature, window in features
            }
            numbered = NumberedCodes.of(plan, codes.get(source))
            query, tape = _rows_of(plan, asked, whose, codes.get(source), numbered, backend)
            passes.append(Pass(plan, finish, numbered, view(f"rows_of_{source}", query), tape))
        return cls(
            tuple(feature.name for feature in catalogue.features),
            backend,
            name_of,
            tuple(passes),
            practice_seen,
            (Attributes(of_person), view("attributes", attributes_query(of_person, asked, whose)))
            if of_person
            else None,
        )

    def features(self, people: pa.Table) -> pa.Table:
        """Return the people with all features, a column each, null where it is missing.

        `people` is the batch that the views show: one row per patient_id and index_date, sorted by them.
        """
        dates = dates_of(people)
        firsts = np.flatnonzero(dates.of_person)
        whose = pa.table(
            {"patient_id": people["patient_id"].take(pa.array(firsts)), "_person": pa.array(firsts, pa.int32())}
        )
        self.backend.create_table(self.name_of("whose"), whose, overwrite=True)
        days_seen = dates.on.astype(np.int64) - dates.seen_from
        columns = {name: people[name] for name in KEYS}
        for name, window in self.practice_seen.items():
            columns[name] = pa.array(days_practice_seen(days_seen, window))
        steps = self._steps(dates, days_seen)
        with closing(_one_ahead([view.rows for view, _ in steps])) as found:
            for _, made_of in steps:
                for name, values in made_of(next(found)):
                    columns[name] = pa.array(values, from_pandas=True)
        for name in self.names:  # of no window, nothing is gathered
            columns.setdefault(name, pa.nulls(len(people), pa.float64()))
        return pa.table(columns)

    def _steps(self, dates: Dates, days_seen: kernels.Int64) -> list[tuple[View, Callable[[pa.Table], Features]]]:
        """Return each view, and what makes features of the rows that it finds."""
        steps: list[tuple[View, Callable[[pa.Table], Features]]] = []
        if self.attributes is not None:
            attributes, view = self.attributes
            steps.append((view, partial(attributes.features, dates=dates)))
        return steps + [(one.view, partial(one.features, dates=dates, days_seen=days_seen)) for one in self.passes]


def _sorted_out(
    catalogue: Catalogue, definitions: Iterable[Definition], windows: Mapping[str, int | None]
) -> tuple[dict[str, Definition], dict[str, int], dict[str, list[tuple[Feature, int]]]]:
    """Return the features of the person, those of the days seen, and source -> its features that have a window."""
    of_person, practice_seen = {}, {}
    by_source: dict[str, list[tuple[Feature, int]]] = {}
    for definition in definitions:
        for feature in catalogue.features_of(definition):
            window = windows.get(feature.name, feature.window)
            if definition.measure in PERSON_MEASURES:
                of_person[feature.name] = definition
            elif window is None:
                continue
            elif definition.measure == "seen_days":
                practice_seen[feature.name] = window
            else:
                by_source.setdefault(definition.table, []).append((feature, window))
    return of_person, practice_seen, by_source


def _one_ahead(views: Iterable[ir.Table]) -> Generator[pa.Table, None, None]:
    """Return the rows of one view after the other; the database reads the next while the caller works on one."""
    with ThreadPoolExecutor(max_workers=1) as database:
        under_way: deque[Future[pa.Table]] = deque()
        for view in views:
            under_way.append(database.submit(view.to_pyarrow))
            if len(under_way) > 1:
                yield under_way.popleft().result()
        yield from (last.result() for last in under_way)
