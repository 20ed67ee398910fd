"""Provider spells made of consultant episodes, and stays that go on in another hospital.

For sites whose extract has episodes only (HES, SUS). Everything is an ibis expression: it runs where the episodes are.

References
----------
NHS Digital, HES data dictionary: EPIORDER, EPISTAT, CLASSPAT, PROVSPNO.
Health and Social Care Information Centre (2014). Provider Spells Methodology: its continuous inpatient spells.
Busby J, Purdy S, Hollingworth W (2017). Calculating hospital length of stay using the Hospital Episode Statistics.
BMC Health Services Research 17:347. doi:10.1186/s12913-017-2295-z
"""

import re

import ibis
import ibis.expr.types as ir

from vi_risk.errors import InputError
from vi_risk.records.codes import REGULAR_ATTENDERS, TRANSFER_ADMISSION_METHODS, TRANSFER_DESTINATIONS
from vi_risk.records.tables import OF_PATIENT, PATIENT_ID, RECORDED_ON, TABLES, Column, Table

MOST_DAYS_TO_A_TRANSFER = 2

_ORDER = ("episode_started_on", "episode_order", "episode_ended_on")
_SPELL = {column.name: column for column in TABLES["spells"].columns}
_OF_THE_ADMISSION = ("provider_code", "admitted_on", "admission_method", "patient_classification", "treatment_function")
_OF_THE_DISCHARGE = ("discharged_on", "discharge_method", "discharge_destination")
_DIAGNOSIS = re.compile(r"diagnosis_(\d+)$")

EPISODES = Table(
    "episodes",
    "one row per consultant episode, its ICD-10 codes in columns diagnosis_01, diagnosis_02 and so on",
    (
        PATIENT_ID,
        _SPELL["provider_code"],
        Column("spell_number", "text", "provider spell number, unique within the provider"),
        Column("episode_started_on", "date", "first day of the episode", mapped=True),
        Column("episode_order", "integer", "number of the episode in its spell", minimum=1),
        Column("episode_ended_on", "date", "last day of the episode", missing="the episode goes on"),
        *(_SPELL[name] for name in (*_OF_THE_ADMISSION[1:], *_OF_THE_DISCHARGE)),
        RECORDED_ON,
    ),
    event="episode_started_on",
    links=OF_PATIENT,
    absent="spells are read as they are",
)


def spells_from_episodes(episodes: ir.Table) -> tuple[ir.Table, ir.Table | None]:
    """Return the provider spells that the episodes make up, and the diagnoses of all their episodes.

    Episodes of the same person, admission date, provider and provider spell number are one spell, ordered by episode
    start, order and end. The first one gives what belongs to the admission, the last one what belongs to the discharge:
    a spell whose last episode has no discharge date is still open. Each attendance of a regular day or night attender
    is a spell of its own. An unfinished episode gives way to the same episode (by start and order) once it is finished,
    as extracts of following years hold both.

    Parameters
    ----------
    episodes
        Columns as declared in `EPISODES`, and any number of diagnosis_01, diagnosis_02...

    Returns
    -------
    spells
        One row per spell, with the canonical columns that the episodes can fill. ``recorded_on`` is the day on which
        the last of its episodes arrived, so that a discharge is never known before it was.
    diagnoses
        One row per spell and code: position 1 is the primary diagnosis of the first episode (without one, no row has
        position 1), the others follow by episode and place. None where the episodes have no diagnosis columns.

    Raises
    ------
    InputError
        A column that spells need is missing.
    """
    _require(episodes)
    return _spells(episodes), _diagnoses(episodes)


def continuous_spells(spells: ir.Table) -> ir.Table:
    """Return the spells with ``continuous_spell_id``: the spell_id with which their stay in hospital began.

    A spell continues the one before it where it began 0 to 2 days after that one's discharge and the discharge was to
    another hospital, or the admission was a transfer from one; chains may have any length. Rows in which both ids are
    the same are the admissions: the first spell's admission method counts. Regular attenders are never part of a chain.

    Two conditions of the published method are left out, as the canonical spells have no source of admission: it also
    joins by a source of 49-53 or 87, and does not join 19 to source 51 with method 21 (which is not joined here
    either).
    """
    rows = spells.mutate(
        _regular=_is_regular(spells),
        _transferred_in=spells.admission_method.isin(TRANSFER_ADMISSION_METHODS).fill_null(False),
        _transferred_out=_has_code(spells, "discharge_destination", TRANSFER_DESTINATIONS),
    )
    one_after_another = ibis.window(
        group_by=[rows.patient_id, rows._regular],
        order_by=[
            ibis.asc(rows.admitted_on, nulls_first=False),
            ibis.asc(rows.discharged_on, nulls_first=False),
            # Of spells on the same day, those that begin with a transfer come later, those that end with one earlier.
            ibis.asc(rows._transferred_in.cast("int8")),
            ibis.desc(rows._transferred_out.cast("int8")),
            ibis.asc(rows.spell_id),
        ],
    )
    days_between = rows.admitted_on.delta(rows.discharged_on.lag().over(one_after_another), unit="day")
    transferred = rows._transferred_in | rows._transferred_out.lag().over(one_after_another)
    rows = rows.mutate(
        _begins=rows._regular | ~(days_between.between(0, MOST_DAYS_TO_A_TRANSFER) & transferred).fill_null(False),
        _place=ibis.row_number().over(one_after_another),
    )
    so_far = ibis.window(group_by=[rows.patient_id, rows._regular], order_by=rows._place, preceding=None, following=0)
    rows = rows.mutate(_stay=rows._begins.cast("int64").sum().over(so_far))
    of_the_stay = ibis.window(group_by=[rows.patient_id, rows._regular, rows._stay], order_by=rows._place)
    return rows.mutate(continuous_spell_id=rows.spell_id.first().over(of_the_stay)).select(
        *spells.columns, "continuous_spell_id"
    )


def _require(episodes: ir.Table) -> None:
    missing = [c for c in EPISODES.columns if (c.required or c.mapped) and c.name not in episodes.columns]
    if missing:
        lacking = ", ".join(f"{column.name} ({column.meaning})" for column in missing)
        raise InputError(
            f"episodes: expected {lacking}; found {', '.join(episodes.columns)}. "
            "Name these columns so, or map others to them."
        )


def _in_order(episodes: ir.Table) -> ir.Table:
    """Add spell_id, and the number of each episode in its spell; what was finished later is no longer unfinished."""
    there = [column for column in _ORDER if column in episodes.columns]
    order = [ibis.asc(column, nulls_first=False) for column in there]
    # The other columns settle ties, diagnoses last: rows in any order make the same spells, with or without diagnoses.
    others = sorted(set(episodes.columns) - set(there), key=lambda column: (bool(_DIAGNOSIS.match(column)), column))
    settled = [ibis.asc(column, nulls_first=True) for column in others]
    rows = episodes.mutate(_regular=_is_regular(episodes), _key=_spell_key(episodes))
    if "episode_ended_on" in there:
        same_episode = ibis.window(group_by=["_key", "_regular", *there[:-1]])
        rows = rows.mutate(_finished_on=rows.episode_ended_on.max().over(same_episode))
        rows = rows.filter(rows.episode_ended_on.notnull() | rows._finished_on.isnull()).drop("_finished_on")
    rows = rows.mutate(_attendance=ibis.dense_rank().over(group_by=["_key", "_regular"], order_by=order))
    attendance = rows._key + "|attendance " + (rows._attendance + 1).cast("string")
    rows = rows.mutate(spell_id=rows._regular.ifelse(attendance, rows._key))
    return rows.mutate(_number=ibis.row_number().over(group_by="spell_id", order_by=[*order, *settled]))


def _spell_key(episodes: ir.Table) -> ir.StringValue:
    """What the episodes of a spell share, as one text: the same in every extract."""
    parts = [episodes.patient_id]
    parts += [episodes[name].fill_null("") for name in ("provider_code", "spell_number") if name in episodes.columns]
    return ibis.literal("|").join([*parts, episodes.admitted_on.cast("string")])


def _spells(episodes: ir.Table) -> ir.Table:
    ordered = _in_order(episodes.select(*(c for c in episodes.columns if c in EPISODES.column_names)))
    there = [name for name in _SPELL if name in ordered.columns]
    arrived = {"recorded_on": ordered.recorded_on.max()} if "recorded_on" in there else {}
    last = ordered.group_by("spell_id").agg(_number=ordered._number.max(), **arrived)
    discharge = ordered.select("spell_id", "_number", *(name for name in _OF_THE_DISCHARGE if name in there))
    admission = ordered.filter(ordered._number == 0).drop("_number", *(set(_OF_THE_DISCHARGE) & set(there)), *arrived)
    return admission.join(last.join(discharge, ["spell_id", "_number"]), "spell_id").select(there)


def _diagnoses(episodes: ir.Table) -> ir.Table | None:
    places = {name: int(found[1]) for name in episodes.columns if (found := _DIAGNOSIS.match(name))}
    if not places:
        return None
    ordered = _in_order(episodes)
    recorded = [name for name in ("recorded_on",) if name in ordered.columns]
    # One select a place rather than an unpivot, which not every engine has.
    coded = ibis.union(
        *(
            ordered.select("spell_id", "_number", *recorded, code=ordered[name], _place=ibis.literal(place))
            for name, place in places.items()
        )
    )
    coded = coded.filter(coded.code.notnull() & (coded.code != ""))
    primary = (coded._number == 0) & (coded._place == 1)
    in_order = ["_number", "_place"]
    coded = coded.mutate(
        _primaries=primary.cast("int64").sum().over(group_by="spell_id"),
        _times_before=ibis.row_number().over(group_by=["spell_id", "code"], order_by=in_order),
    )
    once = coded.filter(coded._times_before == 0)
    once = once.mutate(_before=ibis.row_number().over(group_by="spell_id", order_by=in_order))
    return once.mutate(position=once._before + 2 - once._primaries).select("spell_id", "position", "code", *recorded)


def _is_regular(rows: ir.Table) -> ir.BooleanValue:
    return _has_code(rows, "patient_classification", REGULAR_ATTENDERS)


def _has_code(rows: ir.Table, column: str, values: tuple[str, ...]) -> ir.BooleanValue:
    return rows[column].isin(values).fill_null(False) if column in rows.columns else ibis.literal(False)
