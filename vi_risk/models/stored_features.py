"""Features in a file: the rows of one role at a time, so that a stage holds no more of them than it asks about."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from vi_risk.cohort.events import KEYS
from vi_risk.errors import InputError, ResourceError
from vi_risk.models.learning.blocks import Blocks, HeldRows, SpilledRows
from vi_risk.running.memory import budget
from vi_risk.running.scratch import PREFIX, ScratchFolder

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyarrow.dataset import Fragment

    from vi_risk.models.learning.calibration import Rows

_COLUMNS = 16  # read at once
_DAYS = 200_000  # more than there are since 1970: a patient's number and a day fit one whole number


def not_whole(name: str) -> str:
    """Return what is said of a damaged file."""
    return f"{name}: is not a whole Parquet file. Run `vi-risk features build` with the same --out again."


class StoredFeatures:
    """The feature table of an output folder: a Parquet file, or the folder of them that Spark writes.

    One row per patient_id, index_date, in any order; one float column per feature. What was read for a role is kept.

    Raises
    ------
    InputError
        The file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from pyarrow import ArrowException, dataset  # noqa: PLC0415 - loaded when used

        self._name = path.name
        try:
            self._dataset = dataset.dataset(path, format="parquet")
        except (OSError, ArrowException):
            raise InputError(not_whole(self._name)) from None
        self._of_role: dict[str, pd.DataFrame] = {}
        self._blocks: dict[str, Blocks] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._dataset.schema.names

    @property
    def names(self) -> list[str]:
        """The features."""
        return [name for name in self._dataset.schema.names if name not in KEYS]

    def blocks(self, role: str, cohort: "pd.DataFrame") -> Blocks:
        """Return the features of the rows of a role, in their order, to be read a block at a time.

        Where the budget of memory does not allow to hold them whole, beside those of other roles that are held, they
        lie in a file of its folder as long as anything reads them.

        Raises
        ------
        ResourceError
            The folder is full or cannot be written.
        """
        held = sum(len(rows) for rows in self._of_role.values())
        if role in self._of_role or budget().holds(held + len(cohort), len(self.names)):
            return Blocks.of(HeldRows(self.of(role, cohort)[self.names]))
        if role not in self._blocks:
            self._blocks[role] = Blocks.of(self._spilled(role, cohort))
        return self._blocks[role]

    def of(self, role: str, cohort: "pd.DataFrame") -> "pd.DataFrame":
        """Return the features of the rows of a role, in their order, with patient_id and index_date before them."""
        if role not in self._of_role:
            features = self.columns(self.names, cohort)
            for place, key in enumerate(KEYS):
                features.insert(place, key, cohort[key])
            self._of_role[role] = features
        return self._of_role[role]

    def columns(self, names: Sequence[str], cohort: "pd.DataFrame") -> "pd.DataFrame":
        """Return some features of the rows of a cohort, in their order; those that the file lacks are left out.

        Raises
        ------
        InputError
            The file is damaged, or lacks a row of the cohort.
        """
        import pandas as pd  # noqa: PLC0415 - loaded when used

        there = [name for name in names if name in self]
        values = np.full((len(cohort), len(there)), np.nan, order="F")
        for target, source, pieces in self._placed(there, cohort):
            places = iter(range(len(there)))
            for piece in pieces:
                for column in piece.columns:
                    values[target, next(places)] = column.to_numpy()[source]
        return pd.DataFrame(values, columns=there, index=cohort.index, copy=False)

    def _spilled(self, role: str, cohort: "pd.DataFrame") -> SpilledRows:
        """Write the features of the rows of a role into a file, row by row, in their order."""
        try:
            folder = ScratchFolder(PREFIX, budget().spill)
            path = folder.path / f"features_{role}"
            with ExitStack() as in_vain:
                in_vain.callback(folder.remove)  # a half of it is of no use, and others may want the room
                with path.open("wb") as file:
                    self._write(file, cohort)
                in_vain.pop_all()
        except OSError as error:
            where = budget().spill or "the folder for temporary files"
            megabytes = len(cohort) * len(self.names) * 8 // 1_000_000
            msg = (
                f"{where}: {megabytes:,} MB of features do not fit into the memory that --memory-limit gives, and could"
                f" not be written there ({error.strerror}). Free space there, name another folder with --spill, or"
                " raise the limit."
            )
            raise ResourceError(msg) from None
        return SpilledRows(path, self.names, len(cohort), keeps=folder)

    def _write(self, file: BinaryIO, cohort: "pd.DataFrame") -> None:
        width = len(self.names)
        file.truncate(len(cohort) * width * 8)
        for target, source, pieces in self._placed(self.names, cohort):
            rows, places = np.empty((len(target), width)), iter(range(width))
            for piece in pieces:
                for column in piece.columns:
                    rows[:, next(places)] = column.to_numpy()[source]
            order = np.argsort(target, kind="stable")
            for run in np.split(order, 1 + np.flatnonzero(np.diff(target[order]) != 1)):
                file.seek(int(target[run[0]]) * width * 8)
                file.write(rows[run].data)

    def _placed(
        self, names: Sequence[str], cohort: "pd.DataFrame"
    ) -> Iterator[tuple["Rows", "Rows", Iterator["pa.Table"]]]:
        """Yield places in the cohort, the places in a piece of the file that belong there, and the piece's columns.

        Raises
        ------
        InputError
            The file is damaged, or lacks a row of the cohort.
        """
        import pandas as pd  # noqa: PLC0415 - loaded when used

        patients = pd.Index(cohort["patient_id"].unique())
        rows = _numbered(patients, cohort["patient_id"].to_numpy(), cohort["index_date"].to_numpy("datetime64[D]"))
        order = np.argsort(rows, kind="stable")
        in_order = rows[order]
        filled = np.zeros(len(cohort), dtype=bool)
        for whose, pieces in self._pieces(names, cohort):
            keys = _numbered(
                patients,
                whose["patient_id"].to_numpy(),
                whose["index_date"].to_numpy().astype("datetime64[D]"),
            )
            # A person may stand in the cohort twice at one date, in two roles: each place is filled.
            first, last = np.searchsorted(in_order, keys, "left"), np.searchsorted(in_order, keys, "right")
            times = last - first
            source = np.repeat(np.arange(len(keys)), times)
            nth = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
            target = order[np.repeat(first, times) + nth]
            if len(target):
                yield target, source, pieces
            filled[target] = True
        if not filled.all():
            msg = (
                f"{self._name}: lacks {int((~filled).sum())} of {len(cohort)} rows of the cohort. Run"
                " `vi-risk features build` with the same --out again."
            )
            raise InputError(msg)

    def _pieces(
        self, names: Sequence[str], cohort: "pd.DataFrame"
    ) -> Iterator[tuple["pa.Table", Iterator["pa.Table"]]]:
        """Return the rows between the first and the last date of a cohort, a row group at a time.

        Of each first whose they are, then the columns in their order, some at a time: memory that is used again costs
        a fraction of memory that is used once.
        """
        from pyarrow import ArrowException  # noqa: PLC0415 - loaded when used
        from pyarrow.dataset import field  # noqa: PLC0415 - loaded when used

        if not len(cohort):
            return
        between = (field("index_date") >= cohort["index_date"].min()) & (
            field("index_date") <= cohort["index_date"].max()
        )

        def read(piece: "Fragment", columns: Sequence[str]) -> "pa.Table":
            try:
                return piece.to_table(columns=list(columns), filter=between)
            except (OSError, ArrowException):
                raise InputError(not_whole(self._name)) from None

        blocks = [names[start : start + _COLUMNS] for start in range(0, len(names), _COLUMNS)]
        for file in self._dataset.get_fragments():
            try:
                groups = file.split_by_row_group(between)
            except (OSError, ArrowException):
                raise InputError(not_whole(self._name)) from None
            for piece in groups:
                yield read(piece, KEYS), (read(piece, block) for block in blocks)


def _numbered(
    patients: "pd.Index[str]", patient_id: "np.ndarray[Any, Any]", index_date: "np.ndarray[Any, Any]"
) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return a whole number for each patient and day; of a stranger it is below 0."""
    codes = np.asarray(patients.get_indexer(patient_id), dtype=np.int64)  # type: ignore[arg-type]
    numbered: np.ndarray[Any, np.dtype[np.int64]] = codes * _DAYS + index_date.astype(np.int64)
    return numbered
