"""The whole record behind a list: features of its people over windows that the dates of the model had to cut.

A model learns and is tested at dates of which the earliest sees least, and every window is cut to what that one sees
(`vi_risk.features.coverage`). A list is of one date, which sees most: what it tells of people, and what its rules and
prompts ask, goes by all that its own date sees. The model's features, scores and reasons do not.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from vi_risk.cohort.events import KEYS
from vi_risk.cohort.index_dates import Role
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.coverage import common_coverage
from vi_risk.features.engine import Engine, Windows, compute_features
from vi_risk.models.stored_features import StoredFeatures, not_whole
from vi_risk.records.linked import Records
from vi_risk.running.memory import let_go

if TYPE_CHECKING:
    import pandas as pd

_ROLES: tuple[Role, ...] = ("list", "previous")  # that of the list first: it decides which features are computed
_DAYS = b"vi_risk.days_of_look_back"  # key of the Parquet file's own notes


@dataclass(frozen=True, eq=False)
class WholeRecord:
    """What a list's own date sees further back than the dates of the model.

    Attributes
    ----------
    features
        One row per patient_id, index_date of the list, and of the list before where there is one; one float column per
        feature that looks back further there than in the model, NaN where missing. Of an output folder, its file.
    days
        Role -> feature -> days that it looks back at the date of that list: as declared, or as far as the records
        reach; None where it cannot be told from a shorter one.
    """

    features: "pd.DataFrame | StoredFeatures"
    days: Mapping[Role, Windows]

    def columns(self, names: Sequence[str], rows: "pd.DataFrame") -> "pd.DataFrame":
        """Return some of its features of the rows of a cohort, in their order and with their index."""
        if isinstance(self.features, StoredFeatures):
            return self.features.columns(names, rows)
        found = rows[[*KEYS]].merge(self.features, on=[*KEYS], how="left", validate="one_to_one")
        return found[list(names)].set_index(rows.index)

    def at_previous(self) -> "WholeRecord":
        """Return that of the list before as that of a list."""
        return replace(self, days={"list": self.days["previous"]})

    def save(self, path: Path) -> None:
        """Write it into one Parquet file."""
        import pyarrow as pa  # noqa: PLC0415 - loaded when used
        import pyarrow.parquet as pq  # noqa: PLC0415 - loaded when used

        if isinstance(self.features, StoredFeatures):  # read from the file that it stands in
            return
        table = pa.Table.from_pandas(self.features, preserve_index=False)
        table = table.replace_schema_metadata({**table.schema.metadata, _DAYS: json.dumps(self.days)})
        pq.write_table(table, path, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return what `save` wrote, its values read when they are asked for.

        Raises
        ------
        InputError
            The file is damaged.
        """
        import pyarrow as pa  # noqa: PLC0415 - loaded when used
        import pyarrow.parquet as pq  # noqa: PLC0415 - loaded when used

        try:
            days = json.loads(pq.read_schema(path).metadata[_DAYS])
        except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
            raise InputError(not_whole(path.name)) from None
        return cls(StoredFeatures(path), days)


def whole_record_of(
    known: Records, cohort: "pd.DataFrame", catalogue: Catalogue, cut: Windows, *, engine: Engine = "auto"
) -> WholeRecord | None:
    """Return the features that look back further at the dates of the lists than in the model; None where none does.

    Nothing dated or recorded on or after the index date of a row decides a value of it.

    Parameters
    ----------
    cohort
        One row per patient_id, index_date and role, with gp_seen_from; only the rows of lists are asked about.
    cut
        Feature -> days of look-back in the model, where that is less than declared (`Plan.windows`).
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    further: list[str] = []
    days: dict[Role, Windows] = {}
    found: list[pd.DataFrame] = []
    for role in _ROLES:
        rows = cohort[cohort["role"] == role]
        if rows.empty:
            continue
        seen = common_coverage(known, catalogue, rows["index_date"].unique()).windows
        of_role = {feature.name: seen.get(feature.name, feature.window) for feature in catalogue.features}
        if role == "list":
            further = [name for name, of_model in cut.items() if of_role[name] not in (None, of_model)]
            if not further:
                return None
        windows = days[role] = {name: of_role[name] for name in further}
        found.append(compute_features(known, rows, catalogue_of(catalogue, further), windows=windows, engine=engine))
        let_go()
    return WholeRecord(pd.concat(found, ignore_index=True), days)


def catalogue_of(catalogue: Catalogue, names: Collection[str]) -> Catalogue:
    """Return a catalogue of these features alone; the groups of one definition share their windows."""
    definitions = []
    for definition in catalogue.definitions:
        features = catalogue.features_of(definition)
        windows = {feature.window for feature in features if feature.window and feature.name in names}
        if windows:
            definitions.append(definition.model_copy(update={"windows": tuple(sorted(windows))}))
    return Catalogue(tuple(definitions), catalogue.codelists, catalogue.sets)
