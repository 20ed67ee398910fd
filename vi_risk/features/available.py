"""What of a source the records of a site have: a site's gaps make features missing, and are told of by name."""

from collections.abc import Iterable, Mapping

import ibis.expr.types as ir

from vi_risk.features.sources import ADMISSIONS, CODED_ENTRIES, CONTACTS, OF_THE_SPELL, SETTINGS, TOOK_PLACE

_MADE_OF_STAYS = ("nights", "days_after_discharge")


def lacking(tables: Mapping[str, ir.Table], source: str, columns: Iterable[str]) -> list[str]:
    """Return what a source needs and the records lack: tables, and columns as table.column; empty where all is there.

    Parameters
    ----------
    columns
        The columns of the source that are to be read.
    """
    if source == CODED_ENTRIES:
        return [] if {"diagnoses", "gp_events"} & tables.keys() else ["a table of diagnoses"]
    if source == CONTACTS:
        needed: list[tuple[str, tuple[str, ...]]] = [
            (table, TOOK_PLACE[setting][:1]) for setting, table in SETTINGS.items() if setting in TOOK_PLACE
        ]
        needed += [(table, ()) for setting, table in SETTINGS.items() if setting not in TOOK_PLACE]
        return [fault for table, of_it in needed for fault in _lacking_of_table(tables, table, of_it)]
    if source == ADMISSIONS:
        return _lacking_of_table(tables, "spells", [c for c in columns if c not in _MADE_OF_STAYS])
    if source in ("diagnoses", "procedures"):
        own = [column for column in columns if column not in OF_THE_SPELL and column != "event_on"]
        of_spell = [column for column in columns if column in OF_THE_SPELL]
        return _lacking_of_table(tables, source, own) + _lacking_of_table(tables, "spells", of_spell)
    return _lacking_of_table(tables, source, columns)


def _lacking_of_table(tables: Mapping[str, ir.Table], table: str, columns: Iterable[str]) -> list[str]:
    if table not in tables:
        return [table]
    there = tables[table].columns
    return [f"{table}.{column}" for column in columns if column not in there]
