"""Provider spells and continuous inpatient spells in plain Python, row by row: slow, as the rule is written."""

from collections import defaultdict
from datetime import date
from typing import Any

Row = dict[str, Any]

_ADMISSION = ("patient_id", "provider_code", "admitted_on", "admission_method", "patient_classification")
_DISCHARGE = ("discharged_on", "discharge_destination")
_ELSEWHERE = {"49", "50", "51", "52", "53", "84", "87"}
_TRANSFERRED_IN = {"2B", "81"}


def slow_spells(episodes: list[Row]) -> list[Row]:
    """Return the spells that the episodes make up: no spell_id, but `codes`, (position, code, recorded_on) in order."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for episode in episodes:
        key = tuple(episode[name] for name in ("patient_id", "admitted_on", "provider_code", "spell_number"))
        regular = episode["patient_classification"] in ("3", "4")
        groups[key, "regular" if regular else "one spell"].append(episode)

    spells = []
    for (_, kind), members in groups.items():
        current = [episode for episode in members if not _finished_elsewhere(episode, members)]
        parts: dict[Any, list[Row]] = defaultdict(list)
        for episode in current:
            parts[_when(episode) if kind == "regular" else None].append(episode)
        spells += [_one_spell(sorted(part, key=lambda row: (_when(row), _all_else(row)))) for part in parts.values()]
    return spells


def _finished_elsewhere(episode: Row, members: list[Row]) -> bool:
    """Whether an unfinished episode is there once more, finished."""
    return episode["episode_ended_on"] is None and any(
        other["episode_ended_on"] is not None
        and other["episode_started_on"] == episode["episode_started_on"]
        and other["episode_order"] == episode["episode_order"]
        for other in members
    )


def _when(episode: Row) -> tuple[Any, ...]:
    started, ended = (episode[name] or date.max for name in ("episode_started_on", "episode_ended_on"))
    return started, episode["episode_order"] or 10_000, ended


def _all_else(episode: Row) -> tuple[Any, ...]:
    names = sorted(episode, key=lambda name: (name[-1].isdigit(), name))
    return tuple((episode[name] is not None, episode[name] or "") for name in names)


def _discharging(episodes: list[Row]) -> Row:
    """The last episode with a discharge date; where none has one, the spell is open and its last one says so."""
    return next((episode for episode in reversed(episodes) if episode["discharged_on"] is not None), episodes[-1])


def _one_spell(episodes: list[Row]) -> Row:
    arrivals = [episode["recorded_on"] for episode in episodes if episode["recorded_on"] is not None]
    first_of_code: dict[str, date | None] = {}
    for episode in episodes:
        for name in ("diagnosis_01", "diagnosis_02", "diagnosis_03"):
            if episode[name]:
                first_of_code.setdefault(episode[name], episode["recorded_on"])
    positions = range(1 if episodes[0]["diagnosis_01"] else 2, 100)
    return {
        **{name: episodes[0][name] for name in _ADMISSION},
        **{name: _discharging(episodes)[name] for name in _DISCHARGE},
        "recorded_on": max(arrivals, default=None),
        "codes": tuple(
            (position, code, arrived)
            for position, (code, arrived) in zip(positions, first_of_code.items(), strict=False)
        ),
    }


def slow_continuous_spells(spells: list[Row]) -> dict[str, str]:
    """Return spell_id -> spell_id with which its stay began."""
    began = {}
    for patient in {spell["patient_id"] for spell in spells}:
        before = None
        for spell in sorted((spell for spell in spells if spell["patient_id"] == patient), key=_along_time):
            if spell["patient_classification"] in ("3", "4"):
                began[spell["spell_id"]] = spell["spell_id"]
                continue
            goes_on = before is not None and _goes_on(before, spell)
            began[spell["spell_id"]] = began[before["spell_id"]] if goes_on and before else spell["spell_id"]
            before = spell
    return began


def _along_time(spell: Row) -> tuple[Any, ...]:
    return (
        spell["admitted_on"],
        spell["discharged_on"] or date.max,
        spell["admission_method"] in _TRANSFERRED_IN,
        spell["discharge_destination"] not in _ELSEWHERE,
        spell["spell_id"],
    )


def _goes_on(before: Row, spell: Row) -> bool:
    if before["discharged_on"] is None or (spell["admitted_on"] - before["discharged_on"]).days not in (0, 1, 2):
        return False
    return before["discharge_destination"] in _ELSEWHERE or spell["admission_method"] in _TRANSFERRED_IN
