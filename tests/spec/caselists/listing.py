"""How spec tables of case lists ask: each line is a person, and what becomes of them on the list of the practice."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.making import case_lists
from vi_risk.cohort.contacts import CONTACT_COLUMNS
from vi_risk.cohort.departures import DEPARTURE_COLUMNS
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.objections import OBJECTOR_COLUMNS
from vi_risk.cohort.particulars import Particulars
from vi_risk.cohort.reviews import REVIEW_COLUMNS
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, load_spec

LIST_DATE = date(2025, 1, 1)
BELOW = "below the line"
SEEN, NOT_SEEN = date(2010, 1, 1), None  # the GP record, from when
OF_COHORT = ("age", "sex", "in_hospital", "gp_seen_from", "age_band", "index_date")
USUAL: Mapping[str, Any] = {
    "age": 80,
    "age_band": "80-84",
    "sex": "female",
    "in_hospital": False,
    "gp_seen_from": SEEN,
    "index_date": LIST_DATE,
}

# person, practice, risk, what else is known, what becomes of them: the rank, BELOW, or the words of what keeps them off
Line = tuple[str, str, float, Mapping[str, Any], int | str]
catalogue, spec = cache(read_catalogue), cache(load_spec)


def rules_of(text: str = "") -> CaseListRules:
    """Return the rules of a site's file with this text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text, encoding="utf-8")
        return load_rules(path)


def usual(feature: str) -> float:
    """Return what a feature is of people of whom nothing is said: no such event."""
    return float("nan") if feature.startswith("days_since") else 0.0


def snapshots_of(
    people: Sequence[tuple[str, str, Mapping[str, Any]]],
    *,
    particulars: Particulars | None = None,
    practices: Mapping[str, Mapping[str, str | None]] | None = None,
    **others: Any,
) -> Snapshots:
    """Return snapshots of people given as person, practice and what is known of them: of the cohort, or a feature."""
    cohort = pd.DataFrame(
        [
            {"patient_id": person, "practice_code": practice, "role": "list"}
            | {name: known.get(name, value) for name, value in USUAL.items()}
            for person, practice, known in people
        ]
    )
    names = {name for _, _, known in people for name in known if name not in OF_COHORT and not name.startswith("risk")}
    values = pd.DataFrame(
        [[known.get(name, usual(name)) for name in sorted(names)] for _, _, known in people], columns=sorted(names)
    )
    values = values.astype(float) if names else pd.DataFrame(index=cohort.index)
    return Snapshots(
        features=pd.concat([cohort[["patient_id", "index_date"]], values], axis=1),
        cohort=cohort,
        **{
            "index_dates": IndexDates(LIST_DATE, date(2024, 1, 2), (date(2023, 1, 2),)),
            "windows": {},
            "flow": [],
            "notes": (),
            "practices": practices or {},
            "data_to": {"spells": date(2024, 12, 31)},
            "catalogue": catalogue(),
            **others,
        },
        particulars=particulars,
    )


def scores_of(lines: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Return the scores of people given as person, practice, risk, what else is known: risks of others among it."""
    return pd.DataFrame(
        [
            {"patient_id": person, "risk": risk} | {name: known[name] for name in known if name.startswith("risk")}
            for person, _, risk, known, *_ in lines
        ]
    )


def lists_of(
    lines: Sequence[tuple[Any, ...]],
    rules: str = "",
    *,
    capacity: int = 20,
    before: PreviousList | None = None,
    model: ModelSpec | None = None,
    **of_snapshots: Any,
) -> dict[str, CaseList]:
    """Return practice -> list of people given as person, practice, risk and what else is known."""
    people = [(person, practice, known) for person, practice, _, known, *_ in lines]
    made = case_lists(
        scores_of(lines),
        snapshots_of(people, **of_snapshots),
        pd.DataFrame({"patient_id": [person for person, *_ in lines], "text": "a reason"}),
        spec=model or spec(),
        rules=rules_of(rules),
        capacity=capacity,
        before=before,
    )
    return {case_list.practice_code: case_list for case_list in made}


def assert_listed(lines: Sequence[Line], rules: str = "", *, capacity: int = 20, **others: Any) -> None:
    """Each line of the table holds, whatever the order of the lines."""
    for of_lines in (list(lines), list(reversed(lines))):
        found = dict.fromkeys((person for person, *_ in lines), BELOW)
        became: dict[str, int | str] = {**found}
        for case_list in lists_of(of_lines, rules, capacity=capacity, **others).values():
            became |= dict(zip(case_list.table["patient_id"], case_list.table["rank"].tolist(), strict=True))
            became |= dict(zip(case_list.excluded["patient_id"], case_list.excluded["reason"], strict=True))
        assert became == {person: expected for person, *_, expected in lines}


def particulars(
    *,
    reviews: Sequence[tuple[Any, ...]] = (),
    departures: Sequence[tuple[Any, ...]] = (),
    contacts: Sequence[tuple[Any, ...]] = (),
    objectors: Sequence[str] = (),
) -> Particulars:
    """Return particulars of rows given in the order of their columns; None, and a last one left out, is missing."""

    def table(rows: Sequence[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
        whole = [[*row, *[None] * (len(columns) - len(row))] for row in rows]
        frame = pd.DataFrame(whole, columns=list(columns), dtype=object)
        for name in columns:
            if name.endswith("_on"):
                frame[name] = pd.to_datetime(frame[name])
        return frame

    return Particulars(
        contacts=table(contacts, CONTACT_COLUMNS),
        reviews=table(reviews, REVIEW_COLUMNS),
        departures=table(departures, DEPARTURE_COLUMNS),
        objectors=table([(person,) for person in objectors], OBJECTOR_COLUMNS),
    )


def listed_before(*people: tuple[str, str, int], on: date = date(2024, 10, 1), made: bool = True) -> PreviousList:
    """Return the list before: person, practice, rank."""
    frame = pd.DataFrame(list(people), columns=["patient_id", "practice_code", "rank"]).assign(risk=0.3)
    return PreviousList(on, frame, made)
