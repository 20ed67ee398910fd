"""Features of a batch of people by one pass over each source, however many index dates they have."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.matching import Codes
from vi_risk.features.rows import Asked
from vi_risk.features.sources import CONTACTS
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.columns import Finish, Gathered, Values, finish_of
from vi_risk.features.sweep.contacts import contacts_query, kinds_query, tape_of_contacts
from vi_risk.features.sweep.kernels import Dates, Groups, Readers
from vi_risk.features.sweep.plan import Gather, Plan, Reader
from vi_risk.features.sweep.tapes import NumberedCodes, Tape, dates_of, first_dates, tape_of, tape_query, words_of

NameOf = Callable[[str], str]

_BEGINS_AS = {Gather.LAST: kernels.NEVER, Gather.FIRST: -1, Gather.MOST: kernels.LEAST, Gather.LATEST: kernels.NEVER}


@dataclass(frozen=True)
class Pass:
    """One source: what is gathered of it, how features are made of that, and where its rows come from.

    Attributes
    ----------
    query
        The rows of the batch that is shown at the time, as `tape_query` or `contacts_query` has them.
    rows
        A view of that name, which needs no compiling; it lasts as long as the query, which holds its tables of codes.
    kinds
        Of contacts, the kinds that there are; None of any other source.
    """

    plan: Plan
    finish: Mapping[str, Finish]
    numbered: NumberedCodes
    query: ir.Table
    rows: ir.Table
    kinds: pa.Table | None

    def features(self, dates: Dates) -> dict[str, Values]:
        """Return name of each feature -> its value for each person and index date, NaN where it is missing."""
        rows = self.rows.to_pyarrow()
        if self.kinds is None:
            tape = tape_of(self.plan, rows, self.numbered)
        else:
            tape, dates = tape_of_contacts(self.plan, rows, self.kinds, dates)
        del rows
        gathered = Gathered(
            _gathered(self.plan, tape, dates),
            _things_counted(self.plan, tape, dates),
            _nearest(self.plan, self.numbered, tape, dates),
        )
        return {name: finish(gathered) for name, finish in self.finish.items()}


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
    query, others
        The people with the measures that no pass serves; a view of it, which needs no compiling.
    """

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

        `others` are the people with the measures of the definitions that a sweep does not serve.
        """
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
                finish = {feature.name: finish_of(plan, catalogue, feature, window) for feature, window in features}
                numbered = NumberedCodes.of(plan, codes.get(source))
                if source == CONTACTS:
                    query, kinds = contacts_query(plan, asked, whose), backend.to_pyarrow(kinds_query(plan))
                else:
                    query, kinds = tape_query(plan, asked, whose, codes.get(source), numbered), None
                view = backend.create_view(name_of(f"rows_of_{source}"), query)
                passes.append(Pass(plan, finish, numbered, query, view, kinds))
        return cls(backend, name_of, tuple(passes), others, backend.create_view(name_of("others"), others))

    def measured(self, people: pa.Table) -> pa.Table:
        """Return the people with all measures, a column each, null where there is none.

        `people` is the batch that the views show: one row per patient_id and index_date, sorted by them.
        """
        firsts = first_dates(people)
        whose = pa.table(
            {"patient_id": people["patient_id"].take(pa.array(firsts)), "_person": pa.array(firsts, pa.int32())}
        )
        self.backend.create_table(self.name_of("whose"), whose, overwrite=True)
        others = self.others.to_pyarrow()
        others = others.take(pa.array(np.argsort(others["row"].to_numpy())))
        dates = dates_of(people)
        for one in self.passes:
            for name, values in one.features(dates).items():
                others = others.append_column(name, pa.array(values, from_pandas=True))
        return others
