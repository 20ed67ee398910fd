"""Features of a batch of people by one pass over each source, however many index dates they have."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.asking import KEYS
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.matching import Codes
from vi_risk.features.rows import Asked
from vi_risk.features.seen import AsSeen, Values
from vi_risk.features.sources import ADMISSIONS, CONTACTS
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.admissions import admissions_query, tape_of_admissions
from vi_risk.features.sweep.columns import Finish, Gathered, finish_of
from vi_risk.features.sweep.contacts import contacts_query, kinds_query, tape_of_contacts
from vi_risk.features.sweep.kernels import Dates, Groups, Readers
from vi_risk.features.sweep.plan import Gather, Plan, Reader
from vi_risk.features.sweep.tapes import NumberedCodes, Tape, dates_of, tape_of, tape_query, words_of

NameOf = Callable[[str], str]
MakeTape = Callable[[pa.Table, Dates], tuple[Tape, Dates]]

_BEGINS_AS = {Gather.LAST: kernels.NEVER, Gather.FIRST: -1, Gather.MOST: kernels.LEAST, Gather.LATEST: kernels.NEVER}


@dataclass(frozen=True)
class Pass:
    """One source: what is gathered of it, how features are made of that, and where its rows come from.

    Attributes
    ----------
    query
        The rows of the batch that is shown at the time.
    rows
        A view of that name, which needs no compiling; it lasts as long as the query, which holds its tables of codes.
    tape
        Makes a tape of these rows, and says which dates see each of them.
    """

    plan: Plan
    finish: Mapping[str, tuple[Finish, AsSeen]]
    numbered: NumberedCodes
    query: ir.Table
    rows: ir.Table
    tape: MakeTape

    def features(self, rows: pa.Table, dates: Dates, days_seen: kernels.Int64) -> Iterator[tuple[str, Values]]:
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
    """The passes over all sources that it serves, and a query of what it does not.

    Attributes
    ----------
    names
        All features.
    query, others
        The features that no pass serves, with the `row` of the people; a view of it, which needs no compiling.
    """

    names: tuple[str, ...]
    backend: Any
    name_of: NameOf
    passes: tuple[Pass, ...]
    query: ir.Table
    others: ir.Table

    @classmethod
    def prepared(
        cls,
        asked: Asked,
        catalogue: Catalogue,
        definitions: Iterable[Definition],
        others: ir.Table,
        windows: Mapping[str, int | None],
        codes: Mapping[str, Codes],
        backend: Any,
        name_of: NameOf,
    ) -> "Sweep":
        """Plan the passes; their queries read the views that `asked` is made of, whatever these show at the time.

        `others` are the features of the definitions that a sweep does not serve, with the `row` of the people.
        """
        has_diagnoses = "diagnoses" in asked.tables
        by_source: dict[str, list[Definition]] = {}
        for definition in definitions:
            by_source.setdefault(definition.table, []).append(definition)
        nobody = pa.table({"patient_id": pa.array([], pa.string()), "_person": pa.array([], pa.int32())})
        whose = backend.create_table(name_of("whose"), nobody)
        passes = []
        for source, members in by_source.items():
            features = [
                (feature, window)
                for definition in members
                for feature in catalogue.features_of(definition)
                if (window := windows.get(feature.name, feature.window)) is not None
            ]
            if features:
                longest = max(window for _, window in features)
                plan = Plan(source, longest, only_matched=all(d.codes is not None for d in members))
                finish = {
                    feature.name: (
                        finish_of(plan, catalogue, feature, window),
                        AsSeen.of(feature.definition, window, has_diagnoses=has_diagnoses),
                    )
                    for feature, window in features
                }
                numbered = NumberedCodes.of(plan, codes.get(source))
                query, tape = _rows_of(plan, asked, whose, codes.get(source), numbered, backend)
                view = backend.create_view(name_of(f"rows_of_{source}"), query)
                passes.append(Pass(plan, finish, numbered, query, view, tape))
        names = tuple(feature.name for feature in catalogue.features)
        return cls(names, backend, name_of, tuple(passes), others, backend.create_view(name_of("others"), others))

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
        columns = {name: people[name] for name in KEYS}
        days_seen = dates.on.astype(np.int64) - dates.seen_from
        with closing(_one_ahead([self.others, *(one.rows for one in self.passes)])) as found:
            others = next(found).sort_by("row")  # the database returns rows in any order
            columns |= {name: others[name] for name in others.column_names}
            for one in self.passes:
                for name, values in one.features(next(found), dates, days_seen):
                    columns[name] = pa.array(values, from_pandas=True)
        for name in self.names:  # of no window, nothing is gathered
            columns.setdefault(name, pa.nulls(len(people), pa.float64()))
        return pa.table(columns)


def _one_ahead(views: Iterable[ir.Table]) -> Generator[pa.Table, None, None]:
    """Return the rows of one view after the other; the database reads the next while the caller works on one."""
    with ThreadPoolExecutor(max_workers=1) as database:
        under_way: deque[Future[pa.Table]] = deque()
        for view in views:
            under_way.append(database.submit(view.to_pyarrow))
            if len(under_way) > 1:
                yield under_way.popleft().result()
        yield from (last.result() for last in under_way)
