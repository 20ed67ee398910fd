"""Spark as the engine of linked records: ibis's backend in Arrow, without pandas in between."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.errors import ResourceError, UsageError
from vi_risk.records.linked import fingerprint_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def open_session() -> "SparkSession":
    """Return the Spark session that is there, or a new one as the configuration of this machine says.

    Raises
    ------
    UsageError
        pyspark is not installed.
    ResourceError
        Spark does not start, as without Java.
    """
    try:
        with _remarks_on_pandas_unsaid():
            from pyspark.errors import PySparkException  # noqa: PLC0415 - an extra, and large
            from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        msg = "--engine spark: expected the package pyspark, found none. Install it with the extra: vi-risk[spark]."
        raise UsageError(msg) from None
    there = SparkSession.getActiveSession()
    if there is not None:
        return there
    try:
        session: SparkSession = (
            SparkSession.builder.appName("vi-risk")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
    except (PySparkException, OSError) as error:
        msg = (
            f"--engine spark: Spark does not start ({type(error).__name__}). Expected Java 17 or newer, in the PATH or"
            " in JAVA_HOME, and a master that can be reached. Install Java, or run without --engine."
        )
        raise ResourceError(msg) from None
    session.sparkContext.setLogLevel("ERROR")
    return session


# Several records may be open in one session, whose temporary views share one name space.
_NUMBERS = itertools.count(1)


class SparkWorkspace:
    """A Spark session that holds the tables of records as temporary views."""

    def __init__(self, session: "SparkSession") -> None:
        self.session = session
        self.backend: Any = _backend(session)
        self._prefix = f"vi_risk_{next(_NUMBERS)}_"
        self._scratches = 0
        self._views: list[str] = []

    def table(self, name: str, rows: "DataFrame") -> ir.Table:
        """Return a data frame of Spark as an ibis table; the name is one of this workspace alone."""
        return self.backend.table(self._viewed(name, rows))

    def run(self, expression: ir.Table) -> "DataFrame":
        """Return an expression as a data frame of Spark, not yet run."""
        frame: DataFrame = self.backend.to_spark(expression)
        return frame

    @contextmanager
    def scratch(self) -> Iterator[Callable[[str], str]]:
        """Give names for views that are needed for a while; those that were made go at the end."""
        self._scratches += 1
        prefix = f"scratch_{self._scratches}_"
        try:
            yield lambda thing: prefix + thing
        finally:
            self._drop([view for view in self._views if view.startswith(self._prefix + prefix)])

    def hold(self, rows: pa.Table) -> ir.Table:
        """Return a few rows as a table of the engine, beside those of the records as long as these are there."""
        return self.table(ibis.util.gen_name("held"), self.session.createDataFrame(rows))

    def fingerprint(self, rows: ir.Table) -> str:
        """Return a fingerprint of the rows, whatever their order; it is not DuckDB's of the same rows."""
        columns = ", ".join(f"`{column}`" for column in sorted(rows.columns))
        with self.scratch() as name_of:
            view = self._viewed(name_of("rows"), self.run(rows))
            query = (
                f"SELECT count(*), coalesce(sum(CAST(xxhash64({columns}) AS DECIMAL(20, 0))), 0)"  # noqa: S608
                f" FROM {view}"
            )
            number, total = self.session.sql(query).collect()[0]
        return fingerprint_of(rows.columns, int(number), int(total))

    def close(self) -> None:
        """Drop the views; the session is whoever opened it to stop."""
        self._drop(list(self._views))

    def _viewed(self, name: str, rows: "DataFrame") -> str:
        view = self._prefix + name
        rows.createOrReplaceTempView(view)
        self._views.append(view)
        return view

    def _drop(self, views: list[str]) -> None:
        for view in views:
            self.session.catalog.dropTempView(view)
            self._views.remove(view)


def _backend(session: "SparkSession") -> Any:
    """Connect ibis to a session; what it exchanges with Spark goes as Arrow, for pandas 3 is new to pyspark."""
    with _remarks_on_pandas_unsaid():
        from ibis.backends.pyspark import Backend  # noqa: PLC0415

        class ArrowBackend(Backend):  # type: ignore[misc]  # ibis comes without types
            def _register_in_memory_table(self, op: Any) -> None:
                self._session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)

            def to_spark(self, expression: ir.Table) -> "DataFrame":
                self._run_pre_execute_hooks(expression)
                return self._session.sql(self.compile(expression))

            def to_pyarrow(self, expr: ir.Expr, /, **_: Any) -> Any:
                table = expr.as_table()
                found = self.to_spark(table).toArrow().cast(table.schema().to_pyarrow())
                return expr.__pyarrow_result__(found)

        backend = ArrowBackend()
        backend.register_options()
        backend.do_connect(session)
    return backend


@contextmanager
def _remarks_on_pandas_unsaid() -> Iterator[None]:
    """Leave out what pyspark says of pandas 3 when it is imported: nothing here goes through pandas."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
