"""The list as JSON lines, for other tools: one object a patient with everything that the list knows of them.

The fields are told in docs/packs.md.
"""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.caselists.lists import REASON_COLUMNS, CaseList
from vi_risk.caselists.packs.identity import identity_of

# Frame of a list -> the fields of each of its rows, beside patient_id.
_REASON_FIELDS = ("kind", "place", "theme", "domain", "text", "comparison", "contribution")
_PROMPT_FIELDS = ("role", "text", "rule")
_CONTACT_FIELDS = ("setting", "began_on", "ended_on")


def json_pack(case_list: CaseList) -> bytes:
    """Return a line for each listed person, in order of rank; nothing at all for an empty list."""
    about, identity = case_list.about, identity_of(case_list)
    of_list = _plain(
        {
            "list_id": identity.list_id,
            "practice_code": case_list.practice_code,
            "practice_name": case_list.practice_name,
            "network": case_list.network,
            "index_date": about.index_date,
            "previous_date": about.previous_date,
            "model": about.model_title,
            "model_version": about.model_version,
            "outcome": about.outcome,
            "data_to": dict(about.data_to),
            "people_to_choose_from": case_list.eligible,
        }
    )
    reasons = _by_patient(case_list.said, _REASON_FIELDS)
    prompts = _by_patient(case_list.prompts, _PROMPT_FIELDS)
    contacts = _by_patient(case_list.contacts, _CONTACT_FIELDS)
    changes = _by_patient(case_list.changes, ("text",))
    lines = []
    for row in case_list.table.to_dict("records"):
        patient = row["patient_id"]
        told = {
            str(column): value for column, value in row.items() if column not in (*REASON_COLUMNS, "prompts", "flags")
        }
        person = {
            "list": of_list,
            **_plain(told),
            "flags": _parts(row.get("flags")),
            "reasons": reasons.get(patient) or _from_table(row),
            "prompts": prompts.get(patient) or [{"text": text} for text in _parts(row.get("prompts"))],
            "changes": [change["text"] for change in changes.get(patient, [])],
            "contacts": contacts.get(patient, []),
        }
        lines.append(json.dumps(person, ensure_ascii=False, allow_nan=False))
    return "".join(f"{line}\n" for line in lines).encode()


def _by_patient(frame: pd.DataFrame, fields: tuple[str, ...]) -> dict[object, list[dict[str, Any]]]:
    """Return the rows of each patient, once for the whole frame."""
    found: dict[object, list[dict[str, Any]]] = {}
    columns = [_column(frame[field]) for field in fields]
    for patient, *values in zip(frame["patient_id"], *columns, strict=True):
        found.setdefault(patient, []).append(dict(zip(fields, values, strict=True)))
    return found


def _column(values: "pd.Series[Any]") -> list[Any]:
    """Return a column as JSON has it; dates, of which there are most, all at once."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        days = np.datetime_as_string(values.to_numpy(), unit="D").tolist()
        return [None if day == "NaT" else day for day in days]
    return [_plain(value) for value in values]


def _from_table(row: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """Return the reasons in the words of the table, of a list that holds no more of them."""
    texts = [row[column] for column in REASON_COLUMNS if row[column]]
    return [{"kind": "raises", "place": place, "text": text} for place, text in enumerate(texts, start=1)]


def _parts(text: object) -> list[str]:
    return [part for part in text.split("; ") if part] if isinstance(text, str) else []


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: dates in ISO 8601, null for what is missing or was left empty."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return None
    if isinstance(value, datetime | pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):  # of numpy
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else round(value, 6)
    return value
