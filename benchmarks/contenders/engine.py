"""The engine: declared features, through `vi_risk.features.engine.write_features`."""

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measured import limit_memory, measured
from benchmarks.place import Asked, Place, asked_of
from benchmarks.subsets import SUBSETS
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.engine import write_features
from vi_risk.records.linked import Records, Workspace


def records_of(place: Place, workspace: Workspace) -> Records:
    """Return records that are read from the Parquet files as they are asked for."""
    tables = {}
    for name in place.tables:
        workspace.backend.raw_sql(f"CREATE VIEW canonical_{name} AS FROM read_parquet({place.files(name)})")
        tables[name] = workspace.backend.table(f"canonical_{name}")
    return Records(tables, workspace)


def catalogue_of(features: str) -> Catalogue:
    """Return the shipped catalogue, or a subset of it."""
    shipped = read_catalogue()
    if features == "all":
        return shipped
    chosen = {definition.name: definition for definition in shipped.definitions}
    return Catalogue(tuple(chosen[name] for name in SUBSETS[features]), shipped.codelists)


def main(asked: Asked) -> None:
    """Write the features, and say what it took."""
    workspace = Workspace(asked.place.folder)
    if asked.memory_gigabytes is not None:
        workspace.backend.raw_sql(f"SET memory_limit = '{asked.memory_gigabytes / 2}GB'")
    with measured() as result:
        cohort = pa.concat_tables([pq.read_table(path) for path in asked.place.cohort(asked.dates)])
        catalogue = catalogue_of(asked.features)
        result["rows"] = write_features(
            records_of(asked.place, workspace),
            cohort.to_pandas(date_as_object=True),
            catalogue,
            asked.out,
            engine=asked.engine,  # type: ignore[arg-type]
        )
        result["features"] = len(catalogue.features)
    workspace.close()


if __name__ == "__main__":
    asked = asked_of("engine")
    limit_memory(asked.memory_gigabytes)
    main(asked)
