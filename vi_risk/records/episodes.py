"""Provider spells made of consultant episodes.

For sites whose extract has episodes only (HES, SUS). Everything is an ibis expression: it runs where the episodes are.

References
----------
NHS Digital, HES data dictionary: EPIORDER, EPISTAT, CLASSPAT, PROVSPNO.
Health and Social Care Information Centre (2014). Provider Spells Methodology.
"""

import ibis
import ibis.expr.types as ir

from vi_risk.errors import InputError
from vi_risk.records.readable import EPISODES, numbered_columns
from vi_risk.records.stays import is_regular
from vi_risk.records.tables import TABLES

_ORDER = ("episode_started_on", "episode_order", "episode_ended_on")
_SPELL = {column.name: column for column in TABLES["spells"].columns}
_OF_THE_DISCHARGE = ("discharged_on", "discharge_method", "discharge_destination")


def spells_from_episodes(episodes: ir.Table) -> dict[str, ir.Table]:
    """Return the provider spells that the episodes make up, and the diagnoses and procedures of all their episodes.

    Episodes of the same person, admission date, provider and provider spell number are one spell, ordered by episode
    start, order and end. The first one gives what belongs to the admission, the last one that has a discharge date what
    belongs to the discharge: a spell is open while none of its episodes has one. Each attendance of a regular day or
    night attender is a spell of its own. An unfinished episode gives way to the same episode (by start and order) once
    it is finished, as extracts of following years hold both.

    Parameters
    ----------
    episodes
        Columns as declared in `EPISODES`, and any number of diagnosis_01, diagnosis_02... and operation_01...

    Returns
    -------
    dict
        ``spells``: one row per spell, with the canonical columns that the episodes can fill. ``recorded_on`` is the day
        on which the last of its episodes arrived, so that a discharge is never known before it was.

        ``diagnoses`` and ``procedures``, where the episodes have columns for them: one row per spell and code. Position
        1 is the primary diagnosis (the main procedure) of the first episode; without one, no row has position 1. The
        others follow by episode and place.

    Raises
    ------
    InputError
        A column that spells need is missing.
    """
    _require(episodes)
    tables = {
        "spells": _spells(episodes),
        "diagnoses": _coded(episodes, "diagnosis"),
        "procedures": _coded(episodes, "operation", performed_on="operated_on"),
    }
    return {name: table for name, table in tables.items() if table is not None}


def _require(episodes: ir.Table) -> None:
    missing = [c for c in EPISODES.columns if (c.required or c.mapped) and c.name not in episodes.columns]
    if missing:
        lacking = ", ".join(f"{column.name} ({column.meaning})" for column in missing)
        raise InputError(
            f"episodes: expected {lacking}; found {', '.join(episodes.columns)}. "
            "Name these columns so, or map others to them."
        )


def _in_spells(episodes: ir.Table, *entries: str) -> ir.Table:
    """Return the episodes with spell_id and their number in the spell, and of numbered columns those of the entries.

    An unfinished episode that is there finished as well is left out.
    """
    numbered = numbered_columns(episodes.columns)
    episodes = episodes.drop(*(name for name, (entry, _) in numbered.items() if entry not in entries))
    there = [column for column in _ORDER if column in episodes.columns]
    order = [ibis.asc(column, nulls_first=False) for column in there]
    # The other columns settle ties, codes last: rows in any order make the same spells, with or without codes.
    others = sorted(set(episodes.columns) - set(there), key=lambda name: (name in numbered, name))
    settled = [ibis.asc(column, nulls_first=True) for column in others]
    rows = episodes.mutate(_regular=is_regular(episodes), _key=_spell_key(episodes))
    if "episode_ended_on" in there:
        same_episode = ibis.window(group_by=["_key", "_regular", *there[:-1]])
        rows = rows.mutate(_finished_on=rows.episode_ended_on.max().over(same_episode))
        rows = rows.filter(rows.episode_ended_on.notnull() | rows._finished_on.isnull()).drop("_finished_on")
    attendance = ibis.literal("|").join([rows._key, *(rows[column].cast("string").fill_null("") for column in there)])
    rows = rows.mutate(spell_id=rows._regular.ifelse(attendance, rows._key))
    return rows.mutate(_number=ibis.row_number().over(group_by="spell_id", order_by=[*order, *settled]))


def _spell_key(episodes: ir.Table) -> ir.StringValue:
    """What the episodes of a spell share, as one text: the same in every extract."""
    parts = [episodes.patient_id]
    parts += [episodes[name].fill_null("") for name in ("provider_code", "spell_number") if name in episodes.columns]
    return ibis.literal("|").join([*parts, episodes.admitted_on.cast("string")])


def _spells(episodes: ir.Table) -> ir.Table:
    ordered = _in_spells(episodes)
    there = [name for name in _SPELL if name in ordered.columns]
    arrived = {"recorded_on": ordered.recorded_on.max()} if "recorded_on" in there else {}
    # A discharge date stands in the last episode of a spell alone: the episode that has one is the last.
    discharging = ordered._number.max(where=ordered.discharged_on.notnull())
    last = ordered.group_by("spell_id").agg(_number=ibis.coalesce(discharging, ordered._number.max()), **arrived)
    discharge = ordered.select("spell_id", "_number", *(name for name in _OF_THE_DISCHARGE if name in there))
    admission = ordered.filter(ordered._number == 0).drop("_number", *(set(_OF_THE_DISCHARGE) & set(there)), *arrived)
    return admission.join(last.join(discharge, ["spell_id", "_number"]), "spell_id").select(there)


def _coded(episodes: ir.Table, entry: str, **dates: str) -> ir.Table | None:
    """Return the codes of each spell, each once; with `dates` (column = numbered column), the day of the first."""
    numbers = [number for of, number in numbered_columns(episodes.columns).values() if of == entry]
    if not numbers:
        return None
    ordered = _in_spells(episodes, entry, *dates.values())
    recorded = [name for name in ("recorded_on",) if name in ordered.columns]
    # One select a place rather than an unpivot, which not every engine has.
    coded = ibis.union(
        *(
            ordered.select(
                "spell_id",
                "_number",
                *recorded,
                code=ordered[f"{entry}_{number}"],
                _place=ibis.literal(int(number)),
                **{column: _date_of(ordered, f"{numbered}_{number}") for column, numbered in dates.items()},
            )
            for number in numbers
        )
    )
    coded = coded.filter(coded.code.notnull() & (coded.code != ""))
    in_order = ["_number", "_place"]
    coded = coded.mutate(_times_before=ibis.row_number().over(group_by=["spell_id", "code"], order_by=in_order))
    once = coded.filter(coded._times_before == 0)
    primary = ((once._number == 0) & (once._place == 1)).cast("int64")
    of_the_spell = ibis.window(group_by="spell_id", order_by=in_order)
    once = once.mutate(_before=ibis.row_number().over(of_the_spell), _primaries=primary.first().over(of_the_spell))
    rows = once.mutate(position=(once._before + 2 - once._primaries).cast("int64"))
    return rows.select("spell_id", "position", "code", *dates, *recorded)


def _date_of(rows: ir.Table, column: str) -> ir.DateValue:
    return rows[column] if column in rows.columns else ibis.null("date")
