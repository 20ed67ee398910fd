"""What goes wrong on the way to the trust: values lost or mistyped, rows sent twice, coding late, or less of it."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from vi_risk.errors import UsageError
from vi_risk.records.synthetic.measurements import slipped
from vi_risk.records.tables import Table

if TYPE_CHECKING:
    import pandas as pd

_WITHOUT_A_VALUE = ("text", "integer", "number", "boolean")  # an absent date says something: still in hospital, alive


@dataclass(frozen=True, slots=True)
class Flaws:
    """Chosen flaws of the records, beyond those that every trust has.

    Attributes
    ----------
    missing
        Share of optional values that are not written down; what a key, a link, a date or a required value holds stays.
    duplicates
        Share of rows that come twice. Only the registers of people and practices stay without.
    slips
        Share of measured values in another unit, or mistyped so that nobody could have them.
    coding_lag
        How many times as long as usual (3 to 35 days after discharge) clinical coding takes.
    coding_change
        The day from which the hospital's coders write down the main diagnosis of a stay and no other; None for never.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     vi_risk.write_trust(folder, patients=50, flaws=vi_risk.Flaws(missing=1.0))
    ...     ethnic_category = vi_risk.read_records(folder).frame("patients")["ethnic_category"]
    >>> bool(ethnic_category.isna().all())
    True
    """

    missing: float = 0.0
    duplicates: float = 0.0
    slips: float = 0.0
    coding_lag: float = 1.0
    coding_change: date | None = None

    def __post_init__(self) -> None:
        """Refuse shares that are none, and coding before discharge."""
        for name in ("missing", "duplicates", "slips"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise UsageError(f"flaws: {name}: expected a share from 0 to 1, got {share:g}. 0.02 means 2 in 100.")
        if self.coding_lag < 0:
            raise UsageError(
                f"flaws: coding_lag: expected 0 or more, got {self.coding_lag:g}. 1 is usual, 2 takes twice as long."
            )

    def applied(self, rng: np.random.Generator, rows: "pd.DataFrame", table: Table) -> "pd.DataFrame":
        """Return `rows` of a `table` with these flaws, drawn by `rng`; a row that comes twice is next to the first."""
        if self.coding_change is not None and table.name == "diagnoses":
            import pandas as pd  # noqa: PLC0415 - loaded when used

            coded_since = pd.to_datetime(rows["recorded_on"]) >= pd.Timestamp(self.coding_change)
            rows = rows[~(coded_since & (rows["position"] > 1))].reset_index(drop=True)
        if self.slips and table.name == "gp_events":
            code, unit = (rows[name].to_numpy(dtype=np.object_) for name in ("code", "unit"))
            value, unit = slipped(rng, code, rows["value"].to_numpy(), unit, self.slips)
            rows = rows.assign(value=value, unit=unit).astype({"unit": rows["unit"].dtype})
        if self.missing:
            kept = {*table.key, *(link.column for link in table.links)}
            optional = [
                column.name
                for column in table.columns
                if column.type in _WITHOUT_A_VALUE and not column.required and column.name not in kept
            ]
            rows = rows.assign(**{name: rows[name].mask(rng.random(len(rows)) < self.missing) for name in optional})
        if self.duplicates and table.name not in ("patients", "practices"):
            times = 1 + (rng.random(len(rows)) < self.duplicates)
            rows = rows.iloc[np.repeat(np.arange(len(rows)), times)].reset_index(drop=True)
        return rows


NO_FLAWS = Flaws()
