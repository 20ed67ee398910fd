"""Reviews kept in a file of their own, Parquet or CSV, which is written whole or not at all."""

import os
import re
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.identity.identifiers import are_nhs_numbers
from vi_risk.identity.identifiers_as_written import identifier_in, ten_digits_of
from vi_risk.identity.nhs_numbers import nhs_number_of
from vi_risk.records import codes
from vi_risk.reviews.csv_cells import guarded, unguarded
from vi_risk.reviews.form import OUTCOMES

KEY = ("patient_id", "reviewed_on")
_DATES = ("reviewed_on", "review_on", "recorded_on", "index_date")
_NEVER_MISSING = ("patient_id", "reviewed_on", "decision", "recorded_on", "decided_by", "practice_code", "list_id")
# Those of the canonical table mdt_reviews first, then what else a pack knows.
REVIEW_COLUMNS = (
    "patient_id",
    "reviewed_on",
    "decision",
    "owner",
    "plan",
    "review_on",
    "recorded_on",
    "outcome_code",
    "decided_by",
    "practice_code",
    "index_date",
    "model_version",
    "list_id",
    "themes",  # of the reasons beside the name, joined by "; "
)
# What people may write into by hand; an import refuses the same.
_WRITTEN = ("owner", "plan", "decided_by", "practice_code", "themes", "list_id", "model_version")
_FINGERPRINT = re.compile(r"\b[0-9a-f]{16}\b")  # of a list: ten figures may stand together in it by chance
_TAKE_OUT = "Take it out; the pseudonym says who it is."
_SCHEMA = pa.schema([(name, pa.date32() if name in _DATES else pa.string()) for name in REVIEW_COLUMNS])
_MEND = "Name the file that `vi-risk reviews import` wrote, or a new one."


def check_file(path: Path) -> None:
    """Raise UsageError where a file of reviews has neither of the endings that can be written."""
    if path.suffix.lower() not in (".parquet", ".csv"):
        msg = f"--reviews {path}: expected a file that ends in .parquet or .csv. Name it so."
        raise UsageError(msg)


def read_reviews(path: Path) -> pd.DataFrame:
    """Return the reviews of a file: one row per patient_id and reviewed_on, none where there is no file yet.

    Returns
    -------
    DataFrame
        `REVIEW_COLUMNS`, texts and `datetime.date`; what is missing is None.

    Raises
    ------
    InputError
        The file is damaged, is no file of reviews, or holds what no import wrote.
    """
    check_file(path)
    if not path.exists():
        return pd.DataFrame(columns=list(REVIEW_COLUMNS), dtype=object)
    try:
        found = _from_csv(path) if path.suffix.lower() == ".csv" else pq.read_table(path).to_pandas()
        if list(found.columns) != list(REVIEW_COLUMNS):
            msg = f"{path}: expected the columns {', '.join(REVIEW_COLUMNS)}; found others. {_MEND}"
            raise InputError(msg)
        table = pa.Table.from_pandas(found, schema=_SCHEMA, preserve_index=False)
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or 'it is no such file'}). {_MEND}"
        raise InputError(msg) from None
    except (ValueError, pa.ArrowException):
        msg = f"{path}: is damaged, or no file of reviews. {_MEND}"
        raise InputError(msg) from None
    reviews: pd.DataFrame = table.to_pandas()
    reviews = reviews.astype(object).where(reviews.notna(), None)
    if faults := _faults(reviews):
        raise InputError("\n".join(f"{path}: {fault}" for fault in faults))
    return reviews


def write_reviews(reviews: pd.DataFrame, path: Path) -> None:
    """Write reviews, sorted, in the place of the file of that name; the old file stays where that cannot be done.

    Raises
    ------
    ResourceError
        The file cannot be written.
    """
    check_file(path)
    ordered = reviews[list(REVIEW_COLUMNS)].sort_values(["reviewed_on", "practice_code", "patient_id"], kind="stable")
    aside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made for its owner alone; a file that was opened to others stays so.
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(number)
        aside = Path(name)
        if path.exists():
            aside.chmod(path.stat().st_mode & 0o7777)
        if path.suffix.lower() == ".csv":
            content = ordered.map(_cell).to_csv(index=False, lineterminator="\r\n")
            aside.write_bytes(content.encode("utf-8-sig"))
        else:
            rows = pa.Table.from_pandas(ordered, schema=_SCHEMA, preserve_index=False)
            pq.write_table(rows.replace_schema_metadata(None), aside, compression="zstd")
        aside.replace(path)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}). Free space, or name a place that you may write to."
        raise ResourceError(msg) from None
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def _from_csv(path: Path) -> pd.DataFrame:
    found = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").astype(object)
    found = found.map(lambda text: unguarded(text) if text else None)
    for column in [name for name in found.columns if name in _DATES]:
        try:
            found[column] = [date.fromisoformat(day) if isinstance(day, str) else None for day in found[column]]
        except ValueError:
            msg = (
                f"{path}: {column}: expected dates as 2025-12-31, found others, as a spreadsheet writes them."
                " Write them so, or take the file as it was before."
            )
            raise InputError(msg) from None
    return found


def _cell(value: object) -> str:
    return "" if pd.isna(value) else guarded(str(value))  # type: ignore[call-overload]  # a text or a date


def _faults(reviews: pd.DataFrame) -> list[str]:
    rows = len(reviews)
    missing = {column: int(reviews[column].isna().sum()) for column in _NEVER_MISSING}
    faults = [f"{column}: {number} of {rows} rows have none. {_MEND}" for column, number in missing.items() if number]
    for column, known in (("decision", codes.MDT_DECISION), ("outcome_code", OUTCOMES)):
        unknown = int((~reviews[column].dropna().isin(list(known))).sum())
        if unknown:
            faults.append(f"{column}: {unknown} of {rows} rows are none of {', '.join(known)}. {_MEND}")
    for column in _WRITTEN:
        kinds = Counter[str]()
        for text, times in reviews[column].value_counts().items():
            if kind := identifier_in(_FINGERPRINT.sub("", str(text))):
                kinds[kind] += times
        faults += [f"{column}: {number} of {rows} rows hold {kind}. {_TAKE_OUT}" for kind, number in kinds.items()]
    people = {str(text) for text in reviews["patient_id"].dropna()}
    lettered = {text for text in people if any(sign.isalpha() for sign in text)}
    for texts, often_local in ((people - lettered, False), (lettered, True)):
        numbers = {number for text in texts if (number := ten_digits_of(text))}
        valid = sum(nhs_number_of(number) is not None for number in numbers)
        if are_nhs_numbers(valid, len(numbers), often_local=often_local):
            faults.append(f"patient_id: holds NHS numbers, {valid} of them. Expected pseudonyms. {_MEND}")
    if twice := int(reviews.duplicated(list(KEY)).sum()):
        faults.append(f"{', '.join(KEY)}: {twice} rows tell of a person and a day again. Keep one of each. {_MEND}")
    return faults
