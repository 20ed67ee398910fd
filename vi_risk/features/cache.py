"""Features kept from one run to the next, by content: what has not changed is read, the rest is computed.

One entry is one definition at one index date. It is named by a hash of all that decides its values: the rows of the
tables that its source reads, the definition with its code list, the windows used, the people asked about, and the code
that computes it. An entry holds values in the order of the people and no identifier of anyone.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from vi_risk.errors import ResourceError, UsageError
from vi_risk.features.asking import KEYS
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.engine import Windows, compute_features
from vi_risk.features.sources import tables_behind
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

_ENGINES = ("duckdb", "ibis-framework")
_NUMBER = "<f8"
_CODEC = "zstd"
_MARK_BYTES = hashlib.sha256().digest_size
_PEOPLE = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32()), ("gp_seen_from", pa.date32())])


def check_cache(folder: Path | None, *, out: Path) -> None:
    """Make the folder of a cache beside the output folder, before any work; None is no cache.

    Raises
    ------
    UsageError
        It lies in the output folder, which is replaced, is a file, or lets others read it.
    ResourceError
        It cannot be made or written.
    """
    if folder is None:
        return
    if folder.resolve().is_relative_to(out.resolve()):
        msg = f"--cache {folder}: lies in the output folder, which is replaced. Name a folder of its own."
        raise UsageError(msg)
    _make_private(folder)


def _make_private(folder: Path) -> None:
    """Make a folder that its owner alone can read; refuse one that is there and lets others in."""
    if folder.exists() and not folder.is_dir():
        msg = f"--cache {folder}: is a file. Name a folder; it is made if it is not there."
        raise UsageError(msg)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from None
    if folder.stat().st_mode & 0o077:
        msg = (
            f"--cache {folder}: others can read it, and it is to hold values of patients."
            f" Close it (chmod 700 {folder}) or name another folder; one that is not there is made closed."
        )
        raise UsageError(msg)
    if not os.access(folder, os.W_OK | os.X_OK):
        msg = f"--cache {folder}: you may not write to it. Name a folder that you may write to."
        raise ResourceError(msg)


@dataclass
class FeatureCache:
    """Features of earlier runs in a folder; `found` and `computed` count what came from where.

    Attributes
    ----------
    folder
        Made for its owner alone; one that others can read is refused. It may be emptied at any time.
    found, computed
        Entries, a definition at an index date each, that were read and that were computed.
    """

    folder: Path
    found: int = field(default=0, init=False)
    computed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        _make_private(self.folder)

    def compute(
        self,
        records: Records,
        cohort: "pd.DataFrame",
        catalogue: Catalogue,
        *,
        windows: Windows,
        fingerprints: Mapping[str, str],
    ) -> "pd.DataFrame":
        """Return what `compute_features` would, computing only what the folder does not hold.

        Parameters
        ----------
        fingerprints
            Of the tables, by `Records.fingerprints`: of `records`, or of the whole of which they are what was known on
            the last index date.

        Raises
        ------
        ResourceError
            What was computed cannot be written.
        """
        people = pa.Table.from_pandas(cohort[_PEOPLE.names], schema=_PEOPLE, preserve_index=False)
        people = people.sort_by([(key, "ascending") for key in KEYS]).combine_chunks()
        rows_of = _rows_by_date(people)
        values = {feature.name: np.full(len(people), np.nan) for feature in catalogue.features}
        decides = {one.name: _decides(one, catalogue, windows, fingerprints) for one in catalogue.definitions}
        missing: dict[date, list[Definition]] = {}
        entries: dict[tuple[str, date], Path] = {}
        for day, rows in rows_of.items():
            asked = {"date": day.isoformat(), "people": _hash_of(people.take(rows))}
            for definition in catalogue.definitions:
                entry = self.folder / _name_of({**asked, **decides[definition.name]})
                entries[definition.name, day] = entry
                names = [feature.name for feature in catalogue.features_of(definition)]
                found = _read(entry, len(names), len(rows))
                if found is None:
                    missing.setdefault(day, []).append(definition)
                    continue
                self.found += 1
                for name, column in zip(names, found, strict=True):
                    values[name][rows] = column
        for definitions, days in _alike(missing):
            part = replace(catalogue, definitions=definitions)
            rows = np.concatenate([rows_of[day] for day in days])
            asked_about = people.take(rows).to_pandas(date_as_object=True)
            computed = compute_features(records, asked_about, part, windows=windows)
            computed_on = computed["index_date"].to_numpy(dtype="datetime64[D]")
            names_of = {one.name: [feature.name for feature in catalogue.features_of(one)] for one in definitions}
            for day in days:
                of_day = np.flatnonzero(computed_on == np.datetime64(day, "D"))
                for defined, names in names_of.items():
                    columns = np.stack([computed[name].to_numpy(dtype=_NUMBER)[of_day] for name in names])
                    _write(entries[defined, day], columns)
                    self.computed += 1
                    for name, column in zip(names, columns, strict=True):
                        values[name][rows_of[day]] = column
        keys: pd.DataFrame = people.select(KEYS).to_pandas(date_as_object=True)
        return keys.join(pa.table(values).to_pandas())


def _rows_by_date(people: pa.Table) -> "dict[date, np.ndarray[tuple[int], np.dtype[np.int64]]]":
    """Return index date -> the rows of its people, in the order of their ids."""
    days = people["index_date"].to_numpy()
    return {day.astype("datetime64[D]").item(): np.flatnonzero(days == day) for day in np.unique(days)}


def _alike(missing: Mapping[date, list[Definition]]) -> list[tuple[tuple[Definition, ...], list[date]]]:
    """Return definitions with the index dates at which these, and no others, are missing: one query each."""
    found: dict[tuple[str, ...], tuple[tuple[Definition, ...], list[date]]] = {}
    for day, definitions in missing.items():
        names = tuple(definition.name for definition in definitions)
        found.setdefault(names, (tuple(definitions), []))[1].append(day)
    return list(found.values())


# --- entries ----------------------------------------------------------------------------------------------------------


def _decides(
    definition: Definition, catalogue: Catalogue, windows: Windows, fingerprints: Mapping[str, str]
) -> dict[str, Any]:
    """Return all that decides the values of a definition but whom it is asked of."""
    return {
        "definition": catalogue.fingerprint_of(definition),
        "windows": {f.name: windows.get(f.name, f.window) for f in catalogue.features_of(definition)},
        "tables": {table: fingerprints.get(table) for table in tables_behind(definition.table)},
        "code": _code(),
    }


def _name_of(content: Mapping[str, Any]) -> str:
    """Return the name of an entry: the same name, the same values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """Return a hash of the code that computes features, so that a newer version never takes an older one's values."""
    package = Path(__file__).resolve().parents[1]
    files = [*package.glob("records/*.py"), *package.glob("features/**/*.py")]
    mark = hashlib.sha256("".join(f"{name} {version(name)}\n" for name in _ENGINES).encode())
    for file in sorted(files):
        mark.update(file.read_bytes())
    return mark.hexdigest()


def _hash_of(people: pa.Table) -> str:
    """Return a hash of who is asked about, in their order, and of what is seen of them."""
    written = pa.BufferOutputStream()
    with pa.ipc.new_stream(written, people.schema) as stream:
        stream.write_table(people.combine_chunks())
    return hashlib.sha256(written.getvalue()).hexdigest()


def _read(entry: Path, columns: int, rows: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]] | None":
    """Return the values of an entry, a row for each feature; None where it is not there or not whole."""
    try:
        content = entry.read_bytes()
    except OSError:
        return None
    mark, packed = content[:_MARK_BYTES], content[_MARK_BYTES:]
    if mark != hashlib.sha256(packed).digest():
        return None
    size = columns * rows * np.dtype(_NUMBER).itemsize
    plain = pa.decompress(packed, decompressed_size=size, codec=_CODEC, asbytes=True)
    return np.frombuffer(plain, dtype=_NUMBER).reshape(columns, rows)


def _write(entry: Path, values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> None:
    """Write an entry whole or not at all, for its owner alone (as files of `mkstemp` are)."""
    packed = pa.compress(np.ascontiguousarray(values).tobytes(), codec=_CODEC, asbytes=True)
    try:
        number, name = tempfile.mkstemp(dir=entry.parent, prefix=".")
        try:
            with open(number, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(hashlib.sha256(packed).digest() + packed)
            Path(name).replace(entry)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _not_written(entry.parent, error) from None


def _not_written(folder: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"--cache {folder}: cannot be written ({error.strerror or type(error).__name__})."
        " Free space, or name another folder."
    )
