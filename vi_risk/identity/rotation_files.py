"""A rotation from files to files: one new folder holds all that the new key made, or nothing is made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from vi_risk.errors import UsageError
from vi_risk.identity.folders import FILES, open_pseudonymised, write_about
from vi_risk.identity.key_places import keep_key, read_key
from vi_risk.identity.keys import new_key
from vi_risk.identity.link_table import read_links, write_links
from vi_risk.identity.private_files import tree_of
from vi_risk.identity.rotation import rotated
from vi_risk.running.files import check_out, replaced

LINKS_FILE, RECORDS_FOLDER = "link_table", "records"


@dataclass(frozen=True, slots=True)
class ReviewsFile:
    """Decisions of meetings, the name of their file, and how such a file is written (`vi_risk.reviews`)."""

    name: str
    rows: pd.DataFrame
    write: Callable[[pd.DataFrame, Path], None]


def rotate(
    key: str, new: str, *, links: Path, out: Path, records: Path | None = None, reviews: ReviewsFile | None = None
) -> list[str]:
    """Write everything anew under a key that is made for it; return what was written, in lines for people.

    Parameters
    ----------
    key, new
        Places of the old and the new key (`vi_risk.identity.key_places`).
    out
        A folder that is not there yet; it gets `LINKS_FILE`, `RECORDS_FOLDER` and the reviews under their name.

    Raises
    ------
    UsageError
        `out` is there already, or lies in a git tree.
    InputError
        Something was made with another key, or names people whom the link table does not know.
    """
    if out.exists() or tree_of(out) is not None:
        found = "is there already" if out.exists() else "lies in a git tree, and will hold the link table"
        msg = f"--out {out}: {found}. Name a new folder outside of every git tree."
        raise UsageError(msg)
    check_out(out)
    old = read_key(key)
    made = new_key(old.purpose, old.place)
    carried = rotated(
        read_links(links, old),
        made,
        records=None if records is None else open_pseudonymised(records, old),
        reviews=None if reviews is None else reviews.rows,
    )
    with replaced(out, keep=False, owned=()) as folder:
        folder.chmod(0o700)
        write_links(carried.links, folder / LINKS_FILE, made)
        if carried.records is not None:
            (folder / RECORDS_FOLDER).mkdir(mode=0o700)
            tables = carried.records.tables
            carried.records.write_parquet({name: folder / RECORDS_FOLDER / FILES[name] for name in tables})
            write_about(folder / RECORDS_FOLDER, made, {"rotated_from": old.key_id})
        if carried.reviews is not None and reviews is not None:
            reviews.write(carried.reviews, folder / reviews.name)
        keep_key(made, new)  # last: a key that nothing was made with would only be in the way
    told = [
        f"{made.title} takes the place of {old.title}; it is kept in {new}",
        f"{out / LINKS_FILE}: {carried.links.people:,} people",
    ]
    if carried.records is not None:
        told.append(f"{out / RECORDS_FOLDER}: {len(carried.records.tables)} tables")
    if carried.reviews is not None and reviews is not None:
        number = len(carried.reviews)
        told.append(f"{out / reviews.name}: {number:,} review{'' if number == 1 else 's'}")
    told.append(
        "Put them in the place of the old ones, the link table in the folder of the old one, where the anchor of the"
        " audit log is. Destroy the old key when no list made with it is in use."
    )
    return told
