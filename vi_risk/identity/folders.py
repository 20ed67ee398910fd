"""The folder of pseudonymised records: canonical Parquet tables, and a file that says which key made them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vi_risk.errors import InputError, UsageError
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import write_links
from vi_risk.identity.private_files import tree_of
from vi_risk.identity.pseudonymising import Pseudonymised
from vi_risk.records.linked import Records, Workspace
from vi_risk.records.tables import TABLES
from vi_risk.running.files import replaced, write_text

ABOUT_FILE = "pseudonyms.json"
FILES = {name: f"{name}.parquet" for name in TABLES}
OWNED = (ABOUT_FILE, *FILES.values())
_FORMAT = "vi_risk pseudonymised records 1"


def write_pseudonymised(made: Pseudonymised, out: Path, links: Path, key: Key) -> None:
    """Write the records into a folder of their own, and the link table, encrypted, somewhere else.

    Raises
    ------
    UsageError
        The link table would lie with the records, or in a git tree.
    ResourceError
        Something cannot be written; the folder is then as it was.
    """
    check_links_place(links, beside=out)
    with replaced(out, keep=False, owned=OWNED) as folder:
        folder.chmod(0o700)
        made.records.write_parquet({name: folder / FILES[name] for name in made.records.tables})
        write_about(folder, key, {"people": made.people, "left_out": made.left_out, "reduced": made.reduced})
        # Last, and before the folder is in its place: no pseudonym is out that leads nowhere.
        write_links(made.links, links, key)


def check_links_place(links: Path, *, beside: Path) -> None:
    """Refuse a place for the link table in the folder of the records, or in a git tree.

    Raises
    ------
    UsageError
        It is one of the two.
    """
    if links.resolve().is_relative_to(beside.resolve()):
        msg = (
            f"--links {links}: lies in {beside}, with the records that it leads back from. Keep it where those who work"
            " with the records cannot read it."
        )
        raise UsageError(msg)
    tree = tree_of(links)
    if tree is not None:
        msg = f"--links {links}: lies in the git tree {tree}. Keep it outside of it, as you do the key."
        raise UsageError(msg)


def write_about(folder: Path, key: Key, counts: Mapping[str, Any]) -> None:
    """Write which key made the records of a folder, and what was done to them."""
    about = {"format": _FORMAT, "key": key.key_id, "purpose": key.purpose, "place": key.place, **counts}
    write_text(folder / ABOUT_FILE, json.dumps(about, indent=2, default=dict) + "\n")


def open_pseudonymised(folder: Path, key: Key) -> Records:
    """Open the records of a folder that `write_pseudonymised` wrote with this key.

    Raises
    ------
    InputError
        The folder holds none, or another key made them.
    """
    try:
        about = json.loads((folder / ABOUT_FILE).read_text(encoding="utf-8"))
        made_with = str(about["key"]) if about["format"] == _FORMAT else ""
    except (OSError, ValueError, KeyError, TypeError):
        made_with = ""
    if not made_with:
        msg = f"{folder}: has no {ABOUT_FILE}, or a damaged one. Name the folder that `vi-risk pseudonymise` wrote."
        raise InputError(msg)
    if made_with != key.key_id:
        msg = f"{folder}: its records were made with key {made_with}, and this is {key.title}. Name that key."
        raise InputError(msg)
    workspace = Workspace()
    there = {name: folder / file for name, file in FILES.items() if (folder / file).is_file()}
    tables = {
        name: workspace.backend.read_parquet(path, table_name=f"canonical_{name}") for name, path in there.items()
    }
    return Records(tables, workspace, source=folder.name)
