"""Stays in hospital: spells joined where a patient was moved to another hospital, so that one stay is one admission.

References
----------
Health and Social Care Information Centre (2014). Provider Spells Methodology: its continuous inpatient spells.
Busby J, Purdy S, Hollingworth W (2017). Calculating hospital length of stay using the Hospital Episode Statistics.
BMC Health Services Research 17:347. doi:10.1186/s12913-017-2295-z
"""

import ibis
import ibis.expr.types as ir

from vi_risk.records.codes import REGULAR_ATTENDERS, TRANSFER_ADMISSION_METHODS, TRANSFER_DESTINATIONS

MOST_DAYS_TO_A_TRANSFER = 2

_OF_THE_LAST_SPELL = ("discharged_on", "discharge_method", "discharge_destination")


def stays(spells: ir.Table, *, by: str = "patient_id") -> ir.Table:
    """Return the stays that the spells make up, as they look now: one row per stay.

    A spell continues the one before it where it began 0 to 2 days after that one's discharge and the discharge was to
    another hospital, or the admission was a transfer from one; chains may have any length. The first spell's admission
    method counts. Regular attenders are never part of a chain.

    Two conditions of the published method are left out, as the canonical spells have no source of admission: it also
    joins by a source of 49-53 or 87, and does not join 19 to source 51 with method 21 (which is not joined here
    either).

    The columns are those of its first spell, with ``discharged_on`` and how it ended of its last; ``nights`` (null
    while it lasts), and ``days_after_discharge``, the days from the discharge of the stay before it (null without one,
    where that one had not ended, and for regular attenders, who are no stay before another either).

    Parameters
    ----------
    by
        The column that tells apart whose spells are one sequence.
    """
    rows = _in_sequence(spells, by)
    # Without the spells between, the row after a stay's first is its last, and the row before it is the last of the
    # stay before: one ordering tells both, and sorting is what stays cost.
    edges = rows.filter(rows._begins | rows._ends)
    in_order = ibis.window(group_by=[by, "_regular"], order_by="_place")
    last = {
        f"_last_{name}": edges._ends.ifelse(edges[name], edges[name].lead().over(in_order))
        for name in _OF_THE_LAST_SPELL
        if name in edges.columns
    }
    edges = edges.mutate(**last, _before=edges.discharged_on.lag().over(in_order))
    begins = edges.filter(edges._begins)
    begins = begins.mutate(**{column.removeprefix("_last_"): begins[column] for column in last})
    since = begins.admitted_on.delta(begins._before, unit="day").cast("int64")
    follows = (~begins._regular & (since >= 0)).fill_null(False)
    return begins.mutate(
        nights=begins.discharged_on.delta(begins.admitted_on, unit="day"),
        days_after_discharge=follows.ifelse(since, ibis.null("int64")),
    ).drop("_regular", "_place", "_begins", "_ends", "_before", *last)


def _in_sequence(spells: ir.Table, by: str) -> ir.Table:
    """Add the place in the sequence (_place) of a regular attender's spells or of all others (_regular).

    And whether a stay begins (_begins) and ends (_ends) with the spell.
    """
    rows = spells.mutate(
        _regular=is_regular(spells),
        _transferred_in=spells.admission_method.isin(TRANSFER_ADMISSION_METHODS).fill_null(False),
        _transferred_out=has_code(spells, "discharge_destination", TRANSFER_DESTINATIONS),
    )
    one_after_another = ibis.window(
        group_by=[by, "_regular"],
        order_by=[
            ibis.asc(rows.admitted_on, nulls_first=False),
            ibis.asc(rows.discharged_on, nulls_first=False),
            # Of spells on the same day, those that begin with a transfer come later, those that end with one earlier.
            ibis.asc(rows._transferred_in.cast("int8")),
            ibis.desc(rows._transferred_out.cast("int8")),
            ibis.asc(rows.spell_id),
        ],
    )
    days_since = rows.admitted_on.delta(rows.discharged_on.lag().over(one_after_another), unit="day")
    days_until = rows.admitted_on.lead().over(one_after_another).delta(rows.discharged_on, unit="day")
    moved_here = rows._transferred_in | rows._transferred_out.lag().over(one_after_another)
    moved_on = rows._transferred_out | rows._transferred_in.lead().over(one_after_another)
    return rows.mutate(
        _place=ibis.row_number().over(one_after_another),
        _begins=rows._regular | ~_is_transfer(days_since, moved_here),
        _ends=rows._regular | ~_is_transfer(days_until, moved_on),
    ).drop("_transferred_in", "_transferred_out")


def _is_transfer(days_between: ir.IntegerValue, was_moved: ir.BooleanValue) -> ir.BooleanValue:
    return (days_between.between(0, MOST_DAYS_TO_A_TRANSFER) & was_moved).fill_null(False)


def is_regular(rows: ir.Table) -> ir.BooleanValue:
    """Whether a row is an attendance of a regular day or night attender."""
    return has_code(rows, "patient_classification", REGULAR_ATTENDERS)


def has_code(rows: ir.Table, column: str, values: tuple[str, ...]) -> ir.BooleanValue:
    """Whether a column, where there is one, holds one of the values; a null never does."""
    return rows[column].isin(values).fill_null(False) if column in rows.columns else ibis.literal(False)
