"""Records read through the door: with a governance file, or as the synthetic trust that needs none."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from vi_risk.errors import GovernanceError, InputError, UsageError
from vi_risk.governance.declaration import EXAMPLE, Governance, read_governance
from vi_risk.governance.door import WHERE, let_in, permission_of, refuse
from vi_risk.identity.identifying_columns import refuse_identifying_files
from vi_risk.records import reading
from vi_risk.records.database import shown, url_of
from vi_risk.records.linked import Records, Workspace
from vi_risk.records.mapping import Mapping
from vi_risk.records.permission import Permission
from vi_risk.records.synthetic.marker import why_not_synthetic


def read_records(
    folder: str | Path,
    *,
    mapping: str | Path | Mapping | None = None,
    governance: Governance | str | Path | None = None,
    today: date | None = None,
    features: Sequence[Path] = (),
    report: reading.Report | None = None,
    workspace: Workspace | None = None,
) -> Records:
    """Read linked records from a folder of CSV or Parquet files, or from a database, as a governance file permits.

    Parameters
    ----------
    folder
        Holds one file for each source, ``NAME.parquet`` or ``NAME.csv`` (UTF-8 with commas, or as the mapping says;
        with a header), or a folder ``NAME`` of such files; or the URL of a database whose tables are the sources
        (``postgresql://host/database``).
    mapping
        Name of a shipped mapping, path of a mapping file, or a `Mapping`; None where files and columns have the
        canonical names.
    governance
        What the site permits, or the file that says so; None for an unchanged folder of `vi-risk synth` alone.
    today
        The day of the use, which the approval is held against: needed with a governance file, for nothing here asks the
        clock.
    features
        Folders of the site's own declared features, whose code lists may name further sensitive codes.
    report
        Called with the name of each table before it is read.
    workspace
        The engine to read them into, for a bound of its memory or another folder; None takes a new one.

    Returns
    -------
    Records
        The canonical tables that the site has, one grain each (the data dictionary), without the sensitive codes that
        are not permitted.

    Raises
    ------
    GovernanceError
        Without a governance file the records are not a synthetic trust; or they, or the day, lie outside what the file
        permits, all faults at once and before a row is read.
    UsageError
        There is no such governance file, or no day was given.
    InputError
        A folder, file, column or value cannot be read; all faults at once, none with a value of a record.
    SpecificationError
        The mapping is wrong.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     vi_risk.write_trust(folder, patients=20)
    ...     records = vi_risk.read_records(folder)
    >>> records.has("patients", "birth_month")
    True
    """
    permission, door = doorway(folder, governance, today=today, features=features)
    if governance is not None and mapping in (None, "canonical") and url_of(folder) is None:
        refuse_identifying_files(Path(folder))
    read = reading.read_records(folder, mapping=mapping, report=report, door=door, workspace=workspace)
    return let_in(read, permission)


def doorway(
    folder: str | Path,
    governance: Governance | str | Path | None,
    *,
    today: date | None,
    features: Sequence[Path] = (),
) -> tuple[Permission, reading.Door]:
    """Return what is permitted of the records of a place, and what refuses tables that are there and are not."""
    if governance is None:
        refuse_unless_synthetic(folder)
        return permission_of(None, features), lambda _: None
    said, where = (
        (governance, WHERE) if isinstance(governance, Governance) else (read_governance(governance), governance)
    )
    if today is None:
        msg = "today: is missing. Pass the day of the use, such as today=date.today(): nothing here asks the clock."
        raise UsageError(msg)

    def door(tables: Collection[str]) -> None:
        refuse(said.faults(today=today, tables=tables), where=str(where))

    return replace(permission_of(said, features), read_on=today), door


def refuse_unless_synthetic(folder: str | Path) -> None:
    """Stop where records without a governance file are not an unchanged synthetic trust."""
    url = url_of(folder)
    if url is None and "://" not in str(folder):
        place = Path(folder).name
        if not Path(folder).is_dir():
            msg = f"{folder}: no such folder. Expected a folder of CSV or Parquet files; name it with --records."
            raise InputError(msg)
        why = why_not_synthetic(Path(folder))
    else:
        place, why = str(folder) if url is None else shown(url), "it is no folder of this machine"
    if why is not None:
        msg = (
            f"{place}: no governance file says what these records may be used for, and they do not count as a synthetic"
            f" trust: {why}. Write governance.toml into the working folder, or name one with --governance; {EXAMPLE}."
        )
        raise GovernanceError(msg)
