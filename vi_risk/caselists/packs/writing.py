"""Packs written: each practice's list and each network's, the same words in the same order in every format."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.rules import CaseListRules, load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.csv_pack import csv_pack
from vi_risk.caselists.packs.html_pack import html_pack
from vi_risk.caselists.packs.identity import identity_of
from vi_risk.caselists.packs.json_pack import json_pack
from vi_risk.caselists.packs.networks import network_lists
from vi_risk.caselists.packs.xlsx_pack import xlsx_pack
from vi_risk.caselists.practice.practice_summary import PracticeSummary
from vi_risk.errors import ResourceError, UsageError

LISTED_FILE = "listed.parquet"
PATHWAYS_PAGE = "pathways.html"  # which a run writes beside the packs
_RESERVED = frozenset(Path(name).stem for name in (LISTED_FILE, PATHWAYS_PAGE))
_LISTED = pa.schema(
    [
        ("patient_id", pa.string()),
        ("practice_code", pa.string()),
        ("rank", pa.int64()),
        ("risk", pa.float64()),
        ("index_date", pa.date32()),
        ("list_id", pa.string()),
        ("themes", pa.list_(pa.string())),  # of the reasons that raise the risk, strongest first
    ]
)
_SAFE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
_LONGEST_NETWORK = 60
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def write_packs(
    lists: Sequence[CaseList],
    folder: str | Path,
    *,
    rules: CaseListRules | None = None,
    before: PreviousList | None = None,
    networks: Mapping[str, PracticeSummary] | None = None,
) -> list[Path]:
    """Write the packs of every list into `folder`, and return their paths.

    Of each practice <practice_code>.csv, .jsonl, .xlsx and .html; of each network with lists of two practices or more
    the same but JSON lines, in which a person would stand twice; last `LISTED_FILE`, one row per listed person, for the
    next run to compare with. The same lists give the same bytes.

    Parameters
    ----------
    lists
        From `vi_risk.case_lists` or `vi_risk.lists_from_scores`.
    folder
        Made if it is not there; files of other names in it stay. Whoever can read it can read the lists.
    rules
        Those that the lists were made by (without them, the shipped ones): the packs show their bands.
    before
        The list before, to say who moved on a network's list (`vi_risk.caselists.packs.networks.network_lists`).
    networks
        Network -> its people in one view.

    Returns
    -------
    list of Path
        The files, in the order in which they were written.

    Raises
    ------
    UsageError
        Two lists are of one practice, or a list has a band that the rules do not know.
    ResourceError
        The folder or a file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.suffix for path in vi_risk.write_packs(lists[:1], folder)]
    ['.jsonl', '.csv', '.xlsx', '.html', '.parquet']
    """
    folder = Path(folder)
    chosen = load_rules() if rules is None else rules
    joined = network_lists(lists, moved_places=chosen.moved_places, before=before, summaries=networks)
    names = file_names([case_list.practice_code for case_list in lists])
    taken = {name.casefold() for name in names.values()}
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for case_list in lists:
            contents = {".jsonl": json_pack(case_list), **_packs(case_list, chosen, names[case_list.practice_code])}
            written += _written(folder, names[case_list.practice_code], contents)
        for network in joined:
            name = _network_name(network.case_list.practice_code, taken)
            taken.add(name.casefold())
            written += _written(folder, name, _packs(network.case_list, chosen, name, practices=network.practices))
        pq.write_table(listed(lists), folder / LISTED_FILE, compression="zstd")
    except OSError as error:
        msg = (
            f"{folder}: a pack cannot be written ({error.strerror}). Free space, or choose a folder that you may write."
        )
        raise ResourceError(msg) from None
    return [*written, folder / LISTED_FILE]


def listed(lists: Sequence[CaseList]) -> pa.Table:
    """Return who is on the lists: one row per listed person, by practice and rank."""
    parts = []
    for case_list in lists:
        identity = identity_of(case_list)
        parts.append(
            case_list.table[["patient_id", "practice_code", "rank", "risk"]].assign(
                index_date=identity.index_date,
                list_id=identity.list_id,
                themes=pd.Series([list(person.themes) for person in identity.patients], dtype=object),
            )
        )
    rows = pd.concat(parts, ignore_index=True) if parts else _LISTED.empty_table().to_pandas()
    return pa.Table.from_pandas(rows, schema=_LISTED, preserve_index=False).replace_schema_metadata(None)


def _packs(
    case_list: CaseList, rules: CaseListRules, name: str, *, practices: Sequence[CaseList] = ()
) -> Mapping[str, bytes]:
    return {
        ".csv": csv_pack(case_list),
        ".xlsx": xlsx_pack(case_list, rules),
        ".html": html_pack(case_list, rules, workbook=f"{name}.xlsx", practices=practices),
    }


def _written(folder: Path, name: str, contents: Mapping[str, bytes]) -> list[Path]:
    paths = []
    for ending, content in contents.items():
        path = folder / f"{name}{ending}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def file_names(practice_codes: Sequence[str]) -> dict[str, str]:
    """Return the file name, without ending, of each practice: its code where that is safe on every file system.

    Any other code keeps its safe characters and gains a fingerprint of the whole, so that no two packs share a name
    (not even on file shares that take upper and lower case for the same), and none that of another file of the folder.
    """
    twice = sorted(code for code, times in Counter(practice_codes).items() if times > 1)
    if twice:
        msg = f"case lists: expected one list per practice, found more for {', '.join(twice)}. Join them into one."
        raise UsageError(msg)
    spellings = Counter(code.casefold() for code in practice_codes)
    return {
        code: code if spellings[code.casefold()] == 1 and _is_safe(code) else _escaped(code, "practice")
        for code in practice_codes
    }


def _network_name(network: str, taken: Collection[str]) -> str:
    """Return the file name of a network: its name in letters and figures where nothing else has that."""
    plain = "network-" + re.sub(r"[^A-Za-z0-9]+", "-", network).strip("-")
    safe = len(plain) <= _LONGEST_NETWORK and plain != "network-" and plain.casefold() not in taken
    return plain if safe else _escaped(network, "network")


def _is_safe(code: str) -> bool:
    if code.casefold() in _RESERVED:
        return False
    return _SAFE_NAME.fullmatch(code) is not None and _WINDOWS_DEVICE.fullmatch(code) is None


def _escaped(code: str, kind: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", code)[:40].strip("-")
    return f"{kind}-{readable}-{sha256(code.encode()).hexdigest()[:12]}".replace("--", "-")
