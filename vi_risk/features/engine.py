"""From declared features to the feature table: the queries of all parts joined to the people who are asked about.

One definition, one meaning: the same expression runs embedded (DuckDB) and wherever ibis reaches. Embedded, people are
taken in batches, so that neither the records nor the features need fit into memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import UsageError
from vi_risk.features.asking import COHORT, KEYS, people_asked
from vi_risk.features.available import lacking
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import GROUPED_MEASURES, PERSON_MEASURES, Definition, Feature
from vi_risk.features.matching import Codes
from vi_risk.features.parts import Part, parts_of
from vi_risk.features.rows import Asked
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.features.sweep.plan import is_served
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

    from vi_risk.features.sweep.passes import Sweep

# People and index dates of one batch: 200 features of as many rows are half a gigabyte.
_ROWS_IN_A_BATCH = 250_000

# Fewer cost less without the sweep, whose loops are loaded, and once in the life of an installation compiled.
_ROWS_WORTH_A_SWEEP = 100_000

# Where no row was found these are zero, the others missing.
_ZERO_WITHOUT_ROWS = ("count", "any", "distinct", "sum", "bed_days", "registered_days", *GROUPED_MEASURES)
# What was seen of a window is certain for these, though it was not wholly seen.
_CERTAIN = ("days_since_last", "latest", "latest_is")
_FLAGS = ("any", "group_flags")
_ONLY_GROWS = ("count", "distinct", "groups")  # enough of them in what was seen is enough

Windows = Mapping[str, int | None]
Engine = Literal["auto", "portable", "sweep"]
_ENGINES = get_args(Engine)


def compute_features(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    *,
    windows: Windows | None = None,
    rows_in_a_batch: int = _ROWS_IN_A_BATCH,
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
        How many rows of the cohort to compute at once; no value depends on it.
    engine
        ``"sweep"`` takes one pass over each source for all index dates, ``"portable"`` asks everything of the database,
        ``"auto"`` sweeps where the cohort is large enough to pay for loading it; no value depends on it.

    Returns
    -------
    DataFrame
        One row per patient_id, index_date, sorted by them; one float column per feature in declared order, NaN where
        the value is missing.
    """
    batches = list(_batches(records, cohort, catalogue, windows or {}, rows_in_a_batch, engine))
    table = pa.concat_tables(batches).sort_by([(key, "ascending") for key in KEYS])
    result: pd.DataFrame = table.select(KEYS).to_pandas(date_as_object=True)
    return result.join(table.drop_columns(KEYS).to_pandas())


def write_features(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    path: Path,
    *,
    windows: Windows | None = None,
    rows_in_a_batch: int = _ROWS_IN_A_BATCH,
    engine: Engine = "auto",
) -> int:
    """Compute the features into a Parquet file, a batch at a time, and return its number of rows.

    The file is what `compute_features` returns, sorted by patient_id and index_date, and never whole in memory.
    """
    written = 0
    with pq.ParquetWriter(path, _schema(catalogue), compression="zstd") as file:
        for batch in _batches(records, cohort, catalogue, windows or {}, rows_in_a_batch, engine):
            file.write_table(batch.sort_by([(key, "ascending") for key in KEYS]))
            written += len(batch)
            del batch  # the next one needs its room
    return written


def _batches(
    records: Records,
    cohort: "pd.DataFrame",
    catalogue: Catalogue,
    windows: Windows,
    rows_in_a_batch: int,
    engine: Engine = "auto",
) -> Iterator[pa.Table]:
    """Return the features of so many people at a time, in the order of their ids.

    The query is made once, of views that show one batch of people and their rows after the other.
    """
    schema = _schema(catalogue)
    _refuse_unknown(windows, rows_in_a_batch, engine)
    people = people_asked(cohort)
    if not len(people):
        yield schema.empty_table()
        return
    dates = tuple(sorted(people["index_date"].unique().to_pylist()))
    codes = codes_in_use(Asked(records.tables, ibis.memtable(people), dates), catalogue)
    backend = records.workspace.backend
    query: ir.Table | None = None
    with records.workspace.scratch() as name_of:
        everyone = backend.create_table(name_of("people"), people)
        sweeps = engine == "sweep" or (engine == "auto" and len(people) >= _ROWS_WORTH_A_SWEEP)
        sweep: Sweep | None = None
        for start, end in _spans(people["patient_id"], rows_in_a_batch):
            first, last = people["patient_id"][start].as_py(), people["patient_id"][end - 1].as_py()
            tables = {
                name: backend.create_view(name_of(name), _between(rows, first, last), overwrite=True)
                for name, rows in records.tables.items()
            }
            batch = backend.create_view(name_of("batch"), _between(everyone, first, last), overwrite=True)
            asked = Asked(tables, batch, dates)
            if sweeps and sweep is None:
                sweep = _sweep(asked, catalogue, windows, codes, backend, name_of)
            if sweep is not None:
                backend.con.register(name_of("measured"), sweep.measured(people.slice(start, end - start)))
            if query is None:
                measured = backend.table(name_of("measured")) if sweep is not None else None
                query = feature_query(asked, catalogue, windows=windows, codes=codes, measured=measured)
                backend.create_view(name_of("features"), query)
            features = backend.table(name_of("features")).to_pyarrow().select(schema.names).cast(schema)
            if sweep is not None:
                backend.con.unregister(name_of("measured"))
            yield features
            del features  # the next batch needs its room


def _refuse_unknown(windows: Windows, rows_in_a_batch: int, engine: str) -> None:
    faults = [
        f"windows: {name}: expected 1 day or more, got {days}"
        for name, days in windows.items()
        if days is not None and days < 1
    ]
    if rows_in_a_batch < 1:
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
) -> "Sweep":
    from vi_risk.features.sweep.passes import Sweep  # noqa: PLC0415  loading the compiler takes a second or more

    built = [definition for definition in catalogue.definitions if computable(asked, definition)]
    others = _measured(asked, catalogue, [d for d in built if not is_served(d)], windows, codes)
    served = [d for d in built if is_served(d)]
    return Sweep.prepared(asked, catalogue, served, others, windows, codes, backend, name_of)


# --- the query ------------------------------------------------------------------------------------------------------


def computable(asked: Asked, definition: Definition) -> bool:
    """Whether the records have the source and all columns that a definition reads."""
    return not lacking(asked.tables, definition.table, definition.columns_read)


def codes_in_use(asked: Asked, catalogue: Catalogue) -> dict[str, Codes]:
    """Return the codes that each source of coded definitions has in use, asked once for all batches."""
    sources = dict.fromkeys(d.table for d in catalogue.definitions if d.codes is not None and computable(asked, d))
    return {source: Codes.of(catalogue, source, asked.dated(source)) for source in sources}


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
    built = tuple(definition for definition in catalogue.definitions if computable(asked, definition))
    if measured is None:
        known_codes = codes_in_use(asked, catalogue) if codes is None else codes
        measured = _measured(asked, catalogue, built, windows, known_codes)
    columns = {
        feature.name: _final(asked, measured, feature, windows.get(feature.name, feature.window))
        if feature.definition in built
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
    """Turn a joined measure into the feature: nothing found is zero where the window was seen, missing where not."""
    definition, missing = feature.definition, ibis.null("float64")
    if definition.measure in PERSON_MEASURES:
        return joined[feature.name].cast("float64")
    if window is None:
        return missing
    days_seen = joined.index_date.delta(joined.gp_seen_from, unit="day")
    if definition.measure == "seen_days":
        return ibis.least(ibis.greatest(days_seen.fill_null(0), 0), window).cast("float64")
    value = joined[feature.name].cast("float64")
    if definition.measure in _FLAGS:
        value = (value > 0).cast("float64")
    if definition.measure in _ZERO_WITHOUT_ROWS:
        value = value.fill_null(0.0)
    if definition.at_least is not None:
        value = (value >= definition.at_least).cast("float64")
    if definition.table == CODED_ENTRIES:
        if "diagnoses" in asked.tables:
            return value
        seen = (days_seen > 0).fill_null(False)
    elif definition.source.held_by == "trust":
        return value
    else:
        seen = (days_seen >= window).fill_null(False)
    if definition.measure in _CERTAIN:
        return value
    if definition.measure in _FLAGS or (definition.at_least is not None and definition.measure in _ONLY_GROWS):
        seen |= value > 0
    if definition.unseen == "scale":
        in_part = (days_seen * 2 >= window).fill_null(False)
        scaled = value * window / ibis.greatest(days_seen, 1)
        return seen.ifelse(value, in_part.ifelse(scaled, missing))
    return seen.ifelse(value, missing)
