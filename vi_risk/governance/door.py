"""The door: records held to what a site permits before anything is made of them.

Two things happen at it. When records are read, tables and the day of the use are held against the governance file, and
sensitive codes that it does not permit are left out (`admitted`). When features are built, the date of the list is
known, and with it who had objected by then: their records are left out wholly, of training and tests as of the list
(`without_objectors`). Both leave tables lazy and count what they left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.arguments import refuse_no_day
from vi_risk.errors import GovernanceError
from vi_risk.governance.declaration import PURPOSES, Governance, table_faults
from vi_risk.governance.sensitive import refused_kinds, sensitive_codes, without_sensitive
from vi_risk.identity.identifiers import without_identifiers
from vi_risk.records.codes import OBJECTION_KIND
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS, LeftOut, Permission

WHERE = "governance"
_OBJECTIONS = "objections"


def permission_of(governance: Governance | None, features: Sequence[Path] = ()) -> Permission:
    """Return what a governance file permits; None stands for records that are nobody's, the synthetic trust.

    Parameters
    ----------
    features
        Folders of the site's own declared features, whose code lists may name further sensitive codes.
    """
    own = () if governance is None or governance.sensitive_codes is None else (governance.sensitive_codes,)
    codes = sensitive_codes(*features, *own)
    if governance is None:
        return replace(NOBODYS, refused=codes)
    purpose = PURPOSES[governance.purpose]
    sensitive = frozenset(kind for kind, allowed in governance.sensitive.items() if allowed)
    return Permission(
        words=governance.words,
        purpose=governance.purpose,
        tables=frozenset(governance.tables),
        objections=governance.objections.approvals,
        sensitive=sensitive,
        shown_on_lists=frozenset(governance.shown_on_lists),
        refused=refused_kinds(codes, sorted(sensitive)),
        scores=purpose.scores,
        lists=purpose.lists,
        fewer_than=governance.small_numbers.fewer_than,
        round_to=governance.small_numbers.round_to,
        ends=governance.approval.ends,
        retention_months=governance.retention_months,
    )


def permitted(records: Records, governance: Governance, *, today: date, features: Sequence[Path] = ()) -> Records:
    """Return records that were made otherwise than by reading, such as of data frames, as the door lets them in.

    Parameters
    ----------
    records
        From `Records.from_frames`; they stay as they are.
    governance
        From `vi_risk.read_governance`.
    today
        The day of the use, which the approval is held against: nothing here asks the clock.
    features
        Folders of the site's own declared features, whose code lists may name further sensitive codes.

    Returns
    -------
    Records
        The same tables with their permission, without the sensitive codes that are not permitted.

    Raises
    ------
    GovernanceError
        They lie outside what the governance file permits, or hold NHS numbers or postcodes; all faults at once.

    Examples
    --------
    >>> from datetime import date
    >>> import vi_risk
    >>> def features_of(frames, governance, people):
    ...     records = vi_risk.permitted(vi_risk.Records.from_frames(frames), governance, today=date(2025, 4, 2))
    ...     return vi_risk.compute_features(records, people)
    """
    refuse(governance.faults(today=today, tables=records.tables), where=WHERE)
    return let_in(records, replace(permission_of(governance, features), read_on=today))


def let_in(records: Records, permission: Permission) -> Records:
    """Return records as the door lets them in, whichever engine holds them: `admitted`, and `unidentified` if people's.

    Raises
    ------
    GovernanceError
        They hold a table that is not permitted, NHS numbers or postcodes.
    """
    found = admitted(records, permission)
    return found if permission.nobodys else unidentified(found)


def admitted(records: Records, permission: Permission) -> Records:
    """Return the records with their permission, without the sensitive codes that it refuses.

    Raises
    ------
    GovernanceError
        They hold a table that is not permitted.
    """
    refuse(table_faults(records.tables, permission.tables), where=WHERE)
    tables, left_out = without_sensitive(records.tables, permission.refused)
    return replace(records, tables=tables, permission=replace(permission, left_out=tuple(left_out)))


def unidentified(records: Records) -> Records:
    """Return admitted records of people without days of birth, which are counted.

    Raises
    ------
    GovernanceError
        They hold NHS numbers or postcodes.
    """
    permission, done = permission_in(records), without_identifiers(records)
    days = (LeftOut(f"day of birth ({column})", "values", rows) for column, rows in done.rows.items())
    return replace(done.records, permission=replace(permission, left_out=(*permission.left_out, *days)))


def without_objectors(records: Records, index_date: date) -> Records:
    """Return the records without all of those who had objected, as known before the index date, and count them.

    Of these people only the objections themselves stay, so that whoever objects can be kept off what an earlier list
    said. An objection made or received later is for a later list.

    Raises
    ------
    GovernanceError
        The records have not come through the door, or hold a table that is not permitted.
    UsageError
        The index date is no day.
    """
    refuse_no_day(index_date)
    permission = permission_in(records)
    refuse(table_faults(records.tables, permission.tables), where=WHERE)
    if permission.objectors_left_out_at == index_date:
        return records
    left_out = replace(permission, objectors_left_out_at=index_date)
    if not records.has(_OBJECTIONS):
        return replace(records, permission=left_out)
    then = records.as_of(index_date)
    rows = then.tables[_OBJECTIONS]
    rows = rows.filter(rows.kind.isin(permission.kinds_left_out)).select("patient_id", "kind").distinct()
    found = rows.semi_join(records.tables["patients"], "patient_id").to_pyarrow()
    people = records.workspace.hold(pa.table({"patient_id": found["patient_id"].unique()}))
    left_out = replace(left_out, objectors=_by_practice(then, people))
    if not found.num_rows:
        return replace(records, permission=left_out)
    of_kind = Counter(found["kind"].to_pylist())
    counted = [
        LeftOut(objection_in_words(kind), "people", of_kind[kind])
        for kind in permission.kinds_left_out
        if kind in of_kind
    ]
    tables = _without(records, people)
    return replace(records, tables=tables, permission=replace(left_out, left_out=(*permission.left_out, *counted)))


def _by_practice(then: Records, people: ir.Table) -> dict[str, int]:
    """Return how many of some people are registered with each practice, by code, as was known then: 0 of most."""
    if not then.has("registrations"):
        return {}
    registered, alive = then.tables["registrations"], then.tables["patients"]
    if "died_on" in alive.columns:
        alive = alive.filter(alive.died_on.isnull())
    theirs = registered.filter(registered.registered_to.isnull()).semi_join(people, "patient_id")
    theirs = theirs.semi_join(alive, "patient_id").select("patient_id", "practice_code").distinct()
    practices = registered.select("practice_code").distinct().drop_null().to_pyarrow()["practice_code"].to_pylist()
    found = Counter(theirs.to_pyarrow()["practice_code"].to_pylist())
    return {practice: found[practice] for practice in sorted(practices)}


def _without(records: Records, people: ir.Table) -> dict[str, ir.Table]:
    """Return the tables without the rows of some people; what belongs to a stay goes with the stay.

    The people, and their stays, are found once and held: every later query of a table would look for them again.
    """
    tables = records.tables
    left = {
        name: rows.anti_join(people, "patient_id") if "patient_id" in rows.columns else rows
        for name, rows in tables.items()
    }
    if _OBJECTIONS in tables:
        left[_OBJECTIONS] = tables[_OBJECTIONS]
    of_stays = [
        name for name, rows in tables.items() if "patient_id" not in rows.columns and "spell_id" in rows.columns
    ]
    if "spells" in tables and of_stays:
        stays = records.workspace.hold(tables["spells"].semi_join(people, "patient_id").select("spell_id").to_pyarrow())
        left |= {name: tables[name].anti_join(stays, "spell_id") for name in of_stays}
    return left


def objection_in_words(kind: str) -> str:
    """Return a kind of objection in a few words."""
    return OBJECTION_KIND[kind].partition(":")[0]


def permission_in(records: Records) -> Permission:
    """Return the permission of records that have come through the door.

    Raises
    ------
    GovernanceError
        They have not.
    """
    if records.permission is None:
        msg = (
            f"{records.source}: nothing says what these records may be used for. Read them with vi_risk.read_records"
            " and a governance file, or bring them through vi_risk.governance.permitted."
        )
        raise GovernanceError(msg)
    return records.permission


def refuse(faults: Sequence[str], *, where: str) -> None:
    """Stop with one message for all faults, where there are any."""
    if faults:
        raise GovernanceError("\n".join(f"{where}: {fault}" for fault in faults))
