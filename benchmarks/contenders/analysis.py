"""What the pandas by hand stands on: people numbered, tables read once, codes matched, features kept by person."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.place import Place

_CODELISTS = Path(__file__).parents[2] / "features" / "codelists"
_PREFIX_SYSTEMS = ("icd10", "bnf")


def read(paths: Iterable[str], columns: list[str], within: list[tuple[str, str, object]] | None = None) -> pd.DataFrame:
    """Read columns of Parquet files, and of the rows those within some bounds."""
    rows: pd.DataFrame = pa.concat_tables(
        [pq.read_table(path, columns=columns, filters=within) for path in paths]
    ).to_pandas(date_as_object=False)
    return rows


def _code_list(name: str) -> pd.DataFrame:
    codes = pd.read_csv(_CODELISTS / f"{name}.csv", comment="#", dtype=str)
    codes = codes.assign(list=name, points=codes.get("points", pd.Series("1", codes.index)).astype(float))
    allowed = codes["sensitive"].isna() if "sensitive" in codes else slice(None)
    return codes.loc[allowed].reindex(columns=["list", "system", "code", "group", "points", "replaced_by"])


def matched_codes(systems: "pd.Series[str] | str", codes: "pd.Series[str]", lists: Iterable[str]) -> pd.DataFrame:
    """Return system, code (as the records write it), list, group, points of the distinct codes that are in a list."""
    used = pd.DataFrame({"system": systems, "written": codes}).drop_duplicates()
    plain = used["written"].str.upper().str.replace(r"[^0-9A-Z]", "", regex=True)
    used["code"] = plain.where(used["system"] == "icd10", used["written"])
    listed = pd.concat([_code_list(name) for name in lists])
    found = [used[~used["system"].isin(_PREFIX_SYSTEMS)].merge(listed, on=["system", "code"])]
    prefixed = used[used["system"].isin(_PREFIX_SYSTEMS)]
    for length, entries in listed.groupby(listed["code"].str.len()):
        found.append(prefixed.assign(code=prefixed["code"].str[: int(length)]).merge(entries, on=["system", "code"]))
    return pd.concat(found).drop(columns="code").rename(columns={"written": "code"}).drop_duplicates()


@dataclass
class Analysis:
    """The features so far, one row per person of the cohort, who are numbered from 0."""

    place: Place
    index_date: date
    people: pd.DataFrame
    features: dict[str, "pd.Series[Any]"] = field(default_factory=dict)

    def rows(self, table: str, day: str, columns: list[str], years: int, *, seen: bool = False) -> pd.DataFrame:
        """Return what was known of the cohort's rows, with `person` and `days`; `seen`: since the practice joined."""
        index_date = pd.Timestamp(self.index_date)
        first = index_date - timedelta(days=years * 365)
        bounds: tuple[Any, Any] = (first, index_date) if day == "arrived_at" else (first.date(), self.index_date)
        within = [(day, ">=", bounds[0]), (day, "<", bounds[1])]
        rows = read(self.place.files(table), ["patient_id", day, "recorded_on", *columns], within)
        rows = rows[rows["recorded_on"].isna() | (rows["recorded_on"] < index_date)]
        rows["person"] = self.numbers_of(rows["patient_id"])
        rows = rows.drop(columns=["patient_id", "recorded_on"])
        rows = rows[rows["person"] >= 0]
        if seen:
            since = self.people["gp_seen_from"].to_numpy()[rows["person"]]
            rows = rows[rows[day].to_numpy() >= since]
        return rows.assign(days=(index_date - rows[day].dt.normalize()).dt.days)

    def numbers_of(self, patients: "pd.Series[str]") -> "np.ndarray[Any, np.dtype[np.intp]]":
        """Return the number of each person, -1 for who is not of the cohort."""
        return self.people.index.get_indexer(pd.Index(patients))

    def add(self, name: str, of_person: "pd.Series[Any]", *, empty: float = np.nan) -> None:
        """Keep a feature; people without a row have the value `empty`."""
        self.features[name] = of_person.reindex(range(len(self.people)), fill_value=empty).astype(float)

    def count(self, name: str, rows: pd.DataFrame) -> None:
        """Keep the number of rows of each person."""
        self.add(name, rows.groupby("person").size(), empty=0)

    def distinct(self, name: str, rows: pd.DataFrame, column: str) -> None:
        """Keep the number of distinct values of each person."""
        self.count(name, rows.dropna(subset=column).drop_duplicates(["person", column]))

    def unless_unseen(self, names: Iterable[str]) -> None:
        """Make features missing where the practice was not seen for the whole window, which their names end with."""
        days_seen = (pd.Timestamp(self.index_date) - self.people["gp_seen_from"]).dt.days.to_numpy()
        for name in names:
            window = int(name.rpartition("_")[2][:-1])
            self.features[name] = self.features[name].where(days_seen >= window)
