"""From declared features to the feature table: the queries of all parts joined to the people who are asked about.

One definition, one meaning: the same expression runs embedded (DuckDB) and wherever ibis reaches. Embedded, people are
taken in batches, so that neither the records nor the features need fit into memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import UsageError
from vi_risk.features import matching
from vi_risk.features.asking import COHORT, KEYS, people_asked, refuse_strangers
from vi_risk.features.available import lacking
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import PERSON_MEASURES, Definition, Feature
from vi_risk.features.matching import Codes
from vi_risk.features.parts import Part, parts_of
from vi_risk.features.rows import Asked
from vi_risk.features.seen import AsSeen
from vi_risk.records.linked import Records
from vi_risk.running.memory import budget

if TYPE_CHECKING:
    import pandas as pd

# The records of a person, taken out of the database, are as large as so many features (measured).
_NUMBERS_OF_A_PERSON = 500

# Of the file: who reads the rows of some people, or of one date, holds no more than a few groups at once.
_ROWS_IN_A_GROUP = 50_000

# Fewer cost less without the sweep, whose loops are loaded, and once in the life of an installation compiled.
_ROWS_WORTH_A_SWEEP = 40_000

Windows = Mapping[str, int | None]
Engine = Literal["auto", "portable", "sweep"]
_ENGINES = get_args(Engine)


def compute_features(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    *,
    windows: Windows | None = None,
    rows_in_a_batch: int | None = None,
    engine: Engine = "auto",
) -> "pd.DataFrame":
    """Compute every feature of a catalogue for a cohort.

    Parameters
    ----------
    cohort
        One row per patient_id, index_date; ``gp_seen_from`` is the day from which the tables of the patient's practice
        are seen, null where they are not.
    windows
        Feature name -> days of look-back to use instead of the declared window; None leaves the feature missing. From
        `vi_risk.features.coverage`, so that training, test and list look back equally far.
    rows_in_a_batch
        How many rows of the cohort to compute at once; None leaves it to the budget of memory. No value depends on it.
    engine
        ``"sweep"`` takes one pass over each source for all index dates, ``"portable"`` asks everything of the database,
        ``"auto"`` sweeps where the cohort is large enough to pay for loading it, or memory is bounded; no value depends
        on it.

    Returns
    -------
    DataFrame
        One row per patient_id, index_date, sorted by them; one float column per feature in declared order, NaN where
        the value is missing.
    """
    table = pa.concat_tables(_batches(records, cohort, catalogue, windows or {}, rows_in_a_batch, engine))
    result: pd.DataFrame = table.select(KEYS).to_pandas(date_as_object=True)
    # A column of the one goes as soon as it is one of the other.
    features = table.drop_columns(KEYS)
    del table
    return result.join(features.to_pandas(split_blocks=True, self_destruct=True))


def write_features(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    path: Path,
    *,
    windows: Windows | None = None,
    rows_in_a_batch: int | None = None,
    engine: Engine = "auto",
) -> int:
    """Compute the features into a Parquet file, a batch at a time, and return its number of rows.

    The file is what `compute_features` returns, sorted by patient_id and index_date, and never whole in memory.
    """
    rows = 0
    # Numbers as they are and lz4: dictionaries and zstd halve the file, and take half as long again to write.
    file = pq.ParquetWriter(path, _schema(catalogue), compression="lz4", use_dictionary=KEYS)
    with file, ThreadPoolExecutor(max_workers=1) as pen:
        writing: Future[None] = pen.submit(lambda: None)  # nothing yet
        for batch in _batches(records, cohort, catalogue, windows or {}, rows_in_a_batch, engine):
            writing.result()
            writing = pen.submit(file.write_table, batch, _ROWS_IN_A_GROUP)  # while the next batch is computed
            rows += len(batch)
            del batch
        writing.result()
    return rows


def _batches(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    windows: Windows,
    rows_in_a_batch: int | None,
    engine: Engine = "auto",
) -> Iterator[pa.Table]:
    """Return the features of so many people at a time, sorted by patient_id and index_date.

    The queries are made once, of views that show one batch of people and their rows after the other.
    """
    schema = _schema(catalogue)
    _refuse_unknown(windows, rows_in_a_batch, engine)
    people = people_asked(cohort)
    if not len(people):
        yield schema.empty_table()
        return
    refuse_strangers(people, records.tables["patients"])
    dates = tuple(sorted(people["index_date"].unique().to_pylist()))
    if rows_in_a_batch is None:  # rows of one person share that person's records
        rows_in_a_batch = budget().rows_at_once(len(catalogue.features) + _NUMBERS_OF_A_PERSON // len(dates))
    codes = codes_in_use(Asked(records.tables, ibis.memtable(people), dates), catalogue)
    backend = records.workspace.backend
    # Asked in one query, the joins of all parts are held at once, which the engine cannot do within little memory.
    worth_it = len(people) >= _ROWS_WORTH_A_SWEEP or budget().limit_mb is not None
    sweeps = engine == "sweep" or (engine == "auto" and worth_it)
    with records.workspace.scratch() as name_of:
        features_of: Callable[[pa.Table], pa.Table] | None = None
        for start, end in _spans(people["patient_id"], rows_in_a_batch):
            first, last = people["patient_id"][start].as_py(), people["patient_id"][end - 1].as_py()
            tables = {
                name: backend.create_view(name_of(name), _between(rows, first, last), overwrite=True)
                for name, rows in records.tables.items()
            }
            chosen = people.slice(start, end - start).drop_columns("row")
            chosen = chosen.append_column("row", pa.array(range(len(chosen)), pa.int64()))
            batch = backend.create_table(name_of("batch"), chosen, overwrite=True)
            if features_of is None:
                make = _sweep if sweeps else _asked_of_the_database
                features_of = make(Asked(tables, batch, dates), catalogue, windows, codes, backend, name_of)
            yield features_of(chosen).select(schema.names).cast(schema)


def _asked_of_the_database(
    asked: Asked,
    catalogue: Catalogue,
    windows: Windows,
    codes: Mapping[str, Codes],
    backend: Any,
    name_of: Callable[[str], str],
) -> Callable[[pa.Table], pa.Table]:
    """Return what asks for the features of the batch that the views show, all of them in one query."""
    query = feature_query(asked, catalogue, windows=windows, codes=codes)
    view = backend.create_view(name_of("features"), query)
    return lambda _: view.to_pyarrow().sort_by([(key, "ascending") for key in KEYS])


def _refuse_unknown(windows: Windows, rows_in_a_batch: int | None, engine: str) -> None:
    faults = [
        f"windows: {name}: expected 1 day or more, got {days}"
        for name, days in windows.items()
        if days is not None and days < 1
    ]
    if rows_in_a_batch is not None and rows_in_a_batch < 1:
        faults.append(f"rows_in_a_batch: expected 1 or more, got {rows_in_a_batch}")
    if engine not in _ENGINES:
        faults.append(f"engine: expected {', '.join(_ENGINES)}, got {engine!r}")
    if faults:
        raise UsageError("\n".join(f"{fault}." for fault in faults))


def _spans(patients: pa.ChunkedArray, rows_in_a_batch: int) -> Iterator[tuple[int, int]]:
    """Return where each batch begins and ends; a patient is never split."""
    start = 0
    while start < len(patients):
        end = min(start + rows_in_a_batch, len(patients))
        while end < len(patients) and patients[end] == patients[end - 1]:
            end += 1
        yield start, end
        start = end


def _between(rows: ir.Table, first: str, last: str) -> ir.Table:
    return rows.filter(rows.patient_id.between(first, last)) if "patient_id" in rows.columns else rows


def _schema(catalogue: Catalogue) -> pa.Schema:
    return pa.schema([*(COHORT.field(key) for key in KEYS), *((f.name, pa.float64()) for f in catalogue.features)])


def _sweep(
    asked: Asked,
    catalogue: Catalogue,
    windows: Windows,
    codes: Mapping[str, Codes],
    backend: Any,
    name_of: Callable[[str], str],
) -> Callable[[pa.Table], pa.Table]:
    """Return what sweeps the batch that the views show."""
    from vi_risk.features.sweep.passes import Sweep  # noqa: PLC0415  loading the compiler takes a second or more

    definitions = [definition for definition in catalogue.definitions if computable(asked, definition)]
    return Sweep.prepared(asked, catalogue, definitions, windows, codes, backend, name_of).features


# --- the query ------------------------------------------------------------------------------------------------------


def computable(asked: Asked, definition: Definition) -> bool:
    """Whether the records have the source and all columns that a definition reads."""
    return not lacking(asked.tables, definition.table, definition.columns_read)


def codes_in_use(asked: Asked, catalogue: Catalogue) -> dict[str, Codes]:
    """Return the codes that each source of coded definitions has in use, asked once for all batches."""
    sources = dict.fromkeys(d.table for d in catalogue.definitions if d.codes is not None and computable(asked, d))
    return matching.codes_in_use(catalogue, sources, asked.tables)


def feature_query(
    asked: Asked,
    catalogue: Catalogue,
    *,
    windows: Windows,
    codes: Mapping[str, Codes] | None = None,
    measured: ir.Table | None = None,
) -> ir.Table:
    """Return the whole feature table as one expression, not yet run; see `compute_features`.

    `measured` are the people with all measures, as `_measured` has them, where they have been found already.
    """
    built = {d.name: d for d in catalogue.definitions if computable(asked, d)}
    if measured is None:  # pragma: no branch - on Spark they are found first; its tests are slow ones
        known_codes = codes_in_use(asked, catalogue) if codes is None else codes
        measured = _measured(asked, catalogue, built.values(), windows, known_codes)
    columns = {
        feature.name: _final(asked, measured, feature, windows.get(feature.name, feature.window))
        if feature.definition.name in built
        else ibis.null("float64")
        for feature in catalogue.features
    }
    return measured.select(*KEYS, **columns)


def _measured(
    asked: Asked,
    catalogue: Catalogue,
    definitions: Iterable[Definition],
    windows: Windows,
    codes: Mapping[str, Codes],
) -> ir.Table:
    """Return the people joined to the measures of definitions, null where nothing was found."""
    joined = asked.people
    for number, members in enumerate(parts_of(definitions).values()):
        part = Part(asked, catalogue, windows, tuple(members), codes.get(members[0].table))
        # A name of its own for each part's key lets ibis write one flat join, which compiles much faster than a nest.
        row = f"row_{number}"
        found = part.query().rename({row: "row"})
        joined = (
            joined.left_join(found, joined.row == found[row])
            if number
            else asked.people.left_join(found, asked.people.row == found[row])
        )
    return joined


def _final(asked: Asked, joined: ir.Table, feature: Feature, window: int | None) -> ir.Value:
    """Turn a joined measure into the feature; see `AsSeen`."""
    definition = feature.definition
    if definition.measure in PERSON_MEASURES:
        return joined[feature.name].cast("float64")
    if window is None:
        return ibis.null("float64")
    days_seen = joined.index_date.delta(joined.gp_seen_from, unit="day")
    if definition.measure == "seen_days":
        return ibis.least(ibis.greatest(days_seen.fill_null(0), 0), window).cast("float64")
    rule = AsSeen.of(definition, window, has_diagnoses="diagnoses" in asked.tables)
    return rule.expression(joined[feature.name], days_seen)
