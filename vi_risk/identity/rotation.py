"""A key replaced by a new one: everybody's pseudonym changes, in records, reviews and link table alike."""

from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa

from vi_risk.errors import InputError
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.pseudonymising import PATIENT, kept_in_engine, key_events, renamed
from vi_risk.identity.pseudonyms import KINDS
from vi_risk.records.linked import Records

_OTHERS_LINKS = "Name with --links the file that `vi-risk pseudonymise` wrote when it made them."


@dataclass(frozen=True, slots=True)
class Rotated:
    """What bears the new pseudonyms: the link table always, records and reviews where they were given."""

    links: LinkTable
    records: Records | None = None
    reviews: pd.DataFrame | None = None


def rotated(
    links: LinkTable, key: Key, *, records: Records | None = None, reviews: pd.DataFrame | None = None
) -> Rotated:
    """Return everything under a new key; a review stays that of the person it was about.

    Parameters
    ----------
    links
        As the old key opened it. Its pseudonyms stay in the new one, no longer current: a list that was made before
        can still be re-identified.
    records
        Pseudonymised records of the old key.
    reviews
        `vi_risk.reviews.read_reviews`; those of a workbook that came back under an earlier key are mended as well.

    Raises
    ------
    InputError
        Records or reviews hold pseudonyms that the link table does not know.
    """
    new = links.rotated(key)
    names = new.renamed()
    return Rotated(
        new,
        None if records is None else _records(records, names, key),
        None if reviews is None else _reviews(reviews, names),
    )


def _records(records: Records, names: dict[str, str], key: Key) -> Records:
    known = pa.table({"value": list(names), "pseudonym": list(names.values())}).cast(
        pa.schema([("value", pa.string()), ("pseudonym", pa.string())])
    )
    in_engine = kept_in_engine(records, known)
    tables = dict(records.tables)
    faults, found = [], 0
    for name, rows in records.tables.items():
        if PATIENT not in rows.columns:
            continue
        tables[name] = renamed(rows, PATIENT, in_engine)
        before, after = (int(each.count().to_pyarrow().as_py()) for each in (rows, tables[name]))
        found += after
        if after < before:
            faults.append(
                f"{name}.{PATIENT}: {before - after:,} of {before:,} rows have a pseudonym that the link table does not"
                f" know. {_OTHERS_LINKS}"
            )
    if faults and not found:
        msg = (
            "records: the link table is that of other records: it knows nobody in these. Nothing was changed."
            f" {_OTHERS_LINKS}"
        )
        raise InputError(msg)
    if faults:
        raise InputError("\n".join(faults))
    for column in KINDS:
        if column != PATIENT:
            key_events(records, tables, column, key)
    return replace(records, tables=tables)


def _reviews(reviews: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    unknown = int((~reviews[PATIENT].isin(list(names))).sum())
    if unknown:
        msg = (
            f"reviews.{PATIENT}: {unknown:,} of {len(reviews):,} rows have a pseudonym that the link table does not"
            f" know. {_OTHERS_LINKS}"
        )
        raise InputError(msg)
    return reviews.assign(**{PATIENT: reviews[PATIENT].map(names).astype(object)})
