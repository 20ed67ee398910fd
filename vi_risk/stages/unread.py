"""Records that a run reads only if it must: one that goes on after its features does without them.

Whether they are the same as those that the features were made of can be told at sight: by the bytes of their files, the
mapping, the decisions of meetings beside them and what governance permits. Records of a database cannot: they are read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from vi_risk.errors import InputError
from vi_risk.governance.door import permission_in
from vi_risk.records.database import url_of
from vi_risk.records.extract_files import files_of
from vi_risk.records.linked import Records
from vi_risk.records.mapping import load_mapping
from vi_risk.records.permission import Permission
from vi_risk.running.checksums import content_mark
from vi_risk.stages.resuming import fingerprint_of


@dataclass(frozen=True)
class UnreadRecords:
    """Records of a place that may be used, and how to read them.

    Attributes
    ----------
    permission
        What they may be used for, before anything of them was left out.
    at_sight
        A fingerprint of all that decides them beside the permission; None where only reading tells.
    read
        Reads them through the door; called once at most.
    """

    permission: Permission
    at_sight: str | None
    read: Callable[[], Records]

    @cached_property
    def records(self) -> Records:
        """The records, read when they are first asked for."""
        return self.read()

    def read_now(self) -> None:
        """Read them, if that has not been done."""
        _ = self.records

    def let_go(self) -> None:
        """Hold them no longer, so that the engine closes unless the caller holds them too."""
        vars(self).pop("records", None)


def unread(records: Records | UnreadRecords) -> UnreadRecords:
    """Return records that may have been read already as such that may not.

    Raises
    ------
    GovernanceError
        They were read otherwise than through the door.
    """
    if isinstance(records, UnreadRecords):
        return records
    return UnreadRecords(permission_in(records), None, lambda: records)


def mark_at_sight(place: str, mapping: str, *, reviews: Path | None = None) -> str | None:
    """Return a fingerprint of what records would be made of, without reading them; None where there is none.

    It is taken of the bytes of every file that could be a source, which takes a second for a few hundred megabytes.

    Parameters
    ----------
    place
        A folder of files; a database has no fingerprint.
    reviews
        The file of decisions of meetings that stand beside the records.
    """
    if url_of(place) is not None or not Path(place).is_dir():
        return None
    try:
        files = {
            path.relative_to(place).as_posix(): content_mark(path)
            for paths in files_of(Path(place)).values()
            for path in paths
        }
        return fingerprint_of({"files": files, "mapping": load_mapping(mapping), "reviews": content_mark(reviews)})
    except (InputError, OSError):  # told with more words when they are read
        return None
