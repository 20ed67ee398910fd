"""What a folder or a mapping may hold: the canonical tables, and consultant episodes in the place of spells."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from vi_risk.records.tables import OF_PATIENT, PATIENT_ID, RECORDED_ON, TABLES, Column, Table

_SPELL = {column.name: column for column in TABLES["spells"].columns}

# Numbered columns: the codes of an episode. Those of number 1 are declared, the others are like them.
NUMBERED = ("diagnosis", "operation", "operated_on")
_NUMBERED = re.compile(rf"({'|'.join(NUMBERED)})_(\d{{1,2}})")

EPISODES = Table(
    "episodes",
    "one row per consultant episode, with its codes in numbered columns: a table that is read, and made into spells",
    (
        PATIENT_ID,
        _SPELL["provider_code"],
        Column("spell_number", "text", "provider spell number, unique within the provider"),
        Column("episode_started_on", "date", "first day of the episode", mapped=True),
        Column("episode_order", "integer", "number of the episode in its spell", minimum=1),
        Column("episode_ended_on", "date", "last day of the episode", missing="the episode goes on"),
        _SPELL["admitted_on"],
        replace(
            _SPELL["admission_method"], required=False, mapped=True, missing="not recorded; the first episode's counts"
        ),
        _SPELL["patient_classification"],
        Column("treatment_function", "text", "treatment function code of the episode's consultant"),
        replace(_SPELL["discharged_on"], missing="not the last episode of its spell, or still in hospital"),
        _SPELL["discharge_method"],
        _SPELL["discharge_destination"],
        Column("diagnosis_01", "text", "ICD-10 code of the primary diagnosis; diagnosis_02, 03 and so on the others"),
        Column("operation_01", "text", "OPCS-4 code of the main procedure; operation_02, 03 and so on the others"),
        Column("operated_on_01", "date", "day of operation_01; operated_on_02, 03 and so on of the others"),
        RECORDED_ON,
    ),
    event="episode_started_on",
    links=OF_PATIENT,
    absent="spells are read as they are",
)


def numbered_columns(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return those of the names that are numbered columns, each with what it holds and its number as it is written.

    >>> numbered_columns(["admitted_on", "diagnosis_02"])
    {'diagnosis_02': ('diagnosis', '02')}
    """
    found = {name: _NUMBERED.fullmatch(name) for name in names}
    return {name: (like[1], like[2]) for name, like in found.items() if like is not None}


def _with_episodes() -> Iterator[tuple[str, Table]]:
    for name, table in TABLES.items():
        if name == "spells":
            yield EPISODES.name, EPISODES
        yield name, table


# What a folder or a mapping may hold: the canonical tables, and episodes in the place of spells.
READABLE: Mapping[str, Table] = MappingProxyType(dict(_with_episodes()))
MADE_OF_EPISODES = ("spells", "diagnoses", "procedures")


def declared_with(table: Table, names: Iterable[str]) -> Table:
    """Return a table with those numbered columns of the names that its declaration stands for.

    >>> [column.name for column in declared_with(EPISODES, ["diagnosis_12", "shoe_size"]).columns][-2:]
    ['recorded_on', 'diagnosis_12']
    """
    if table.name != EPISODES.name:
        return table
    others = numbered_columns(name for name in names if name not in table.column_names)
    more = tuple(replace(table.column(f"{entry}_01"), name=name) for name, (entry, _) in others.items())
    return replace(table, columns=table.columns + more)
