import json
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from tests.unit.identity.conftest import LISTED, NUMBER_OF, PSEUDONYMS
from tests.unit.identity.people import KEY, registered
from tests.unit.identity.test_identified_copies import found_in
from vi_risk.errors import GovernanceError, InputError, ResourceError, UsageError
from vi_risk.identity import reidentifying
from vi_risk.identity.audit import Anchor, refusals_in, verify
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.practices import Practices
from vi_risk.identity.reidentifying import Asked, Copied, refusals_entered, reidentify
from vi_risk.reviews import read_returned

NOON = datetime(2025, 11, 11, 12, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Site:
    """What a site permits: jsmith the first practice, until the end of 2025."""

    allowed: Collection[tuple[str, str]] = field(default=(("jsmith", "M92001"),))

    def may_reidentify(self, user: str, practice_code: str) -> bool:
        return (user, practice_code) in self.allowed

    def faults(self, *, today: date, tables: Collection[str] = ()) -> list[str]:
        return [] if today.year < 2026 else ["approval IG-1: ended on 2025-12-31."]


Ask = Callable[..., Copied]


@pytest.fixture
def asked(packs: Path) -> Asked:
    return Asked(packs / "M92001.html", "M92001", "MDT of 11 November", "jsmith", NOON)


@pytest.fixture
def ask(tmp_path: Path, asked: Asked, links: LinkTable) -> Ask:
    def run(
        links: LinkTable = links, permits: Site = Site(), to_pdf: Callable[[bytes], bytes] | None = None, **fields: Any
    ) -> Copied:
        places = {"log": tmp_path / "log" / "audit", "anchor": tmp_path / "anchor"}
        return reidentify(replace(asked, **fields), permits, links, KEY, governance="5e1f", **places, to_pdf=to_pdf)

    return run


def entries(tmp_path: Path) -> list[dict[str, Any]]:
    log = tmp_path / "log" / "audit"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


@pytest.mark.parametrize("ending", ["html", "csv", "jsonl", "xlsx"])
def test_a_copy_is_written_beside_the_list_for_its_owner_alone(
    packs: Path, tmp_path: Path, ask: Ask, ending: str
) -> None:
    pack = packs / f"M92001.{ending}"
    before = pack.read_bytes()
    made = ask(pack=pack)
    assert (made.path, made.people) == (packs / f"M92001.identified.{ending}", 6)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert pack.read_bytes() == before
    [entry] = entries(tmp_path)
    assert (entry["who"], entry["practice"], entry["people"]) == ("jsmith", "M92001", 6)
    assert entry["governance"] == "5e1f"
    assert (entry["when"], entry["purpose"], entry["pack"]) == (
        "2025-11-11T12:05:00+00:00",
        "MDT of 11 November",
        pack.name,
    )
    assert verify(tmp_path / "log" / "audit", Anchor.read(tmp_path / "anchor")) == made.entry


def test_the_copy_says_who_asked_when_why_and_where_that_is_written_down(ask: Ask) -> None:
    made = ask()
    page = made.path.read_text(encoding="utf-8")
    assert (
        "Contains NHS numbers: 6 people of practice M92001, re-identified by jsmith on 11 November 2025 at 12:05 UTC."
        f" Purpose: MDT of 11 November. Audit entry 1, {made.entry.hash[:16]}." in page
    )
    assert found_in(page) == {NUMBER_OF[pseudonym] for pseudonym in LISTED["M92001"]}


@pytest.mark.parametrize("fields", [{"who": "akhan"}, {"practice": "M92002"}, {"who": "JSMITH"}])
def test_a_user_who_is_not_allowed_gets_nothing(packs: Path, tmp_path: Path, ask: Ask, fields: dict[str, str]) -> None:
    with pytest.raises(GovernanceError, match=r"^--governance: reidentify: \w+ may not re-identify practice M9200\d\."):
        ask(pack=packs / "network-Bilston.html", **fields)
    assert not list(packs.glob("*.identified.*"))
    assert entries(tmp_path) == []


def test_nobody_is_re_identified_after_the_approval_ended(tmp_path: Path, ask: Ask) -> None:
    with pytest.raises(GovernanceError, match="--governance: approval IG-1: ended on 2025-12-31"):
        ask(when=datetime(2026, 1, 1, tzinfo=UTC))
    assert entries(tmp_path) == []


def test_of_a_network_the_people_of_the_practice_alone_are_re_identified(packs: Path, ask: Ask) -> None:
    made = ask(pack=packs / "network-Bilston.html")
    assert made.people == 6
    assert found_in(made.path.read_text(encoding="utf-8")) == {NUMBER_OF[each] for each in LISTED["M92001"]}


def test_without_an_entry_in_the_log_there_is_no_copy(packs: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ResourceError("full")

    monkeypatch.setattr(reidentifying, "record", full)
    with pytest.raises(ResourceError, match="full"):
        ask()
    assert not list(packs.glob("*.identified.*"))


def test_a_copy_that_cannot_be_written_has_its_entry(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ResourceError("full")

    monkeypatch.setattr(reidentifying, "write_private", full)
    with pytest.raises(ResourceError, match="full"):
        ask()
    assert len(entries(tmp_path)) == 1


def test_people_whom_the_link_table_does_not_know_stop_it_before_the_entry(tmp_path: Path, ask: Ask) -> None:
    few = LinkTable().with_people(["9990000018"], [PSEUDONYMS[0]])
    with pytest.raises(InputError, match=r"M92001\.html: 5 of 6 people have pseudonyms that the link table") as refused:
        ask(links=few)
    assert not any(word in str(refused.value) for word in (*PSEUDONYMS, *NUMBER_OF.values()))
    assert entries(tmp_path) == []


def forged(packs: Path, name: str, practice: str) -> Path:
    """Write into the table beside a list that its people are of a practice, as its user could."""
    beside = packs / f"{name}.csv"
    beside.write_bytes(beside.read_bytes().replace(name.encode(), practice.encode()))
    return packs / f"{name}.html"


@pytest.mark.parametrize("ending", ["html", "csv", "jsonl", "xlsx"])
def test_a_list_that_was_made_to_say_that_others_are_of_ones_own_practice_gives_nobody_back(
    packs: Path, tmp_path: Path, ask: Ask, ending: str
) -> None:
    pack = forged(packs, "M92002", "M92001").with_suffix(f".{ending}")
    with pytest.raises(GovernanceError) as refused:
        ask(pack=pack)
    assert str(refused.value) == (
        f"M92002.{ending}: 6 of 6 people are of other practices than M92001, as the link table tells, and nobody is"
        " re-identified. Name a list as the run wrote it. Where they have come to the practice since, pseudonymise the"
        " newer extract with this link table, and ask again."
    )
    assert entries(tmp_path) == []
    assert not list(packs.glob("*.identified.*"))


def test_one_person_of_another_practice_among_ones_own_stops_the_whole_list(
    packs: Path, ask: Ask, links: LinkTable
) -> None:
    moved = links.practices.with_more(registered([(NUMBER_OF[LISTED["M92002"][0]], "M92001", "2014-01-01", "")]))
    pack = forged(packs, "M92002", "M92001")
    with pytest.raises(GovernanceError, match=r"^M92002\.html: 5 of 6 people are of other practices than M92001"):
        ask(pack=pack, links=replace(links, practices=moved))


def test_people_who_have_moved_on_keep_their_pseudonyms_and_are_told(ask: Ask, links: LinkTable) -> None:
    gone, *there = LISTED["M92001"]
    newer = registered(
        [(NUMBER_OF[gone], "M92001", "2015-01-01", "2025-10-01"), (NUMBER_OF[gone], "M92002", "2025-10-01", "")]
    )

    made = ask(links=replace(links, practices=links.practices.with_more(newer)))

    page = made.path.read_text(encoding="utf-8")
    assert (made.people, made.left) == (5, 1)
    assert found_in(page) == {NUMBER_OF[each] for each in there}
    assert gone in page
    assert "1 person on the list has another practice by now, and is shown by pseudonym alone." in page


def test_a_list_of_which_everyone_has_moved_on_gives_nobody_back(ask: Ask, links: LinkTable) -> None:
    newer = registered([(NUMBER_OF[each], "M92002", "2025-10-01", "") for each in LISTED["M92001"]])
    with pytest.raises(GovernanceError, match="everyone on it has another practice than M92001 by now"):
        ask(links=replace(links, practices=links.practices.with_more(newer)))


def test_people_who_came_since_are_given_back_once_the_newer_extract_is_pseudonymised(
    packs: Path, ask: Ask, links: LinkTable
) -> None:
    newer = registered([(NUMBER_OF[each], "M92001", "2025-10-01", "") for each in LISTED["M92002"]])
    made = ask(pack=forged(packs, "M92002", "M92001"), links=replace(links, practices=links.practices.with_more(newer)))
    assert made.people == 6


def test_a_link_table_that_knows_no_practices_gives_nobody_back(tmp_path: Path, ask: Ask, links: LinkTable) -> None:
    with pytest.raises(GovernanceError) as refused:
        ask(links=replace(links, practices=Practices()))
    assert str(refused.value) == (
        "M92001.html: the link table does not tell the practice of 6 of 6 people, as one that an earlier version of"
        " vi_risk wrote does not, and nobody is re-identified. Pseudonymise the extract that the list was made from"
        " once more, with this key and link table, and ask again."
    )
    assert entries(tmp_path) == []


def test_a_list_of_an_older_key_is_re_identified_after_a_rotation(ask: Ask, links: LinkTable) -> None:
    from tests.unit.identity.people import OTHER_KEY

    made = ask(links=links.rotated(OTHER_KEY))
    assert found_in(made.path.read_text(encoding="utf-8")) == {NUMBER_OF[each] for each in LISTED["M92001"]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("M92001.xlsx", b"sekret", r"M92001\.xlsx: is damaged, or not of the list that M92001.csv tells of"),
        ("M92001.jsonl", b"sekret", r"M92001\.jsonl: is damaged, or not of the list that M92001.csv tells of"),
        ("M92001.html", b"\xff sekret", r"M92001\.html: is damaged, or not of the list that M92001.csv tells of"),
        ("M92001.csv", b"sekret\n1\n", r"M92001\.csv: is no table of a list"),
        ("M92001.csv", b"\xff\xfe", r"M92001\.csv: is no table of a list"),
        ("M92001.csv", b"", r"M92001.html: nobody on it is of practice M92001"),
    ],
)
def test_a_damaged_list_is_told_before_the_entry(
    packs: Path, tmp_path: Path, ask: Ask, name: str, content: bytes, message: str
) -> None:
    (packs / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as refused:
        ask(pack=packs / ("M92001.html" if name.endswith("csv") else name))
    assert "sekret" not in str(refused.value)
    assert entries(tmp_path) == []


def test_a_list_without_its_table_beside_it_is_told(packs: Path, ask: Ask) -> None:
    (packs / "M92001.csv").unlink()
    with pytest.raises(InputError, match=r"M92001\.csv: cannot be read .*it says which people of the list"):
        ask()


def test_a_list_that_is_not_there_is_told(packs: Path, ask: Ask) -> None:
    with pytest.raises(InputError, match=r"M1\.html: no such file\. Name a file of a list"):
        ask(pack=packs / "M1.html")


@pytest.mark.parametrize("ending", ["html", "jsonl", "xlsx"])
def test_a_file_of_another_list_under_the_same_name_is_told(packs: Path, tmp_path: Path, ask: Ask, ending: str) -> None:
    (packs / f"M92001.{ending}").write_bytes((packs / f"M92002.{ending}").read_bytes())
    with pytest.raises(InputError, match=r"or not of the list that M92001\.csv tells of"):
        ask(pack=packs / f"M92001.{ending}")
    assert entries(tmp_path) == []


def test_the_list_of_another_practice_is_told(packs: Path, ask: Ask) -> None:
    with pytest.raises(InputError, match=r"M92002\.html: nobody on it is of practice M92001"):
        ask(pack=packs / "M92002.html")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"purpose": " "}, "--purpose: expected one line"),
        ({"purpose": "a\nb"}, "--purpose: expected one line"),
        ({"purpose": "for 943 476 5919"}, "--purpose: holds an NHS number, and the audit log is to hold none"),
        ({"purpose": "for 94 34 76 59 19"}, "--purpose: holds an NHS number"),
        ({"purpose": "visit at SW1A 9AA"}, "--purpose: holds a postcode, and the audit log is to hold none"),
        ({"practice": "SW1A 9AA"}, "--practice: holds a postcode"),
        ({"pack": Path("sw1a9aa.html")}, "PACK: its name holds a postcode"),
        ({"practice": ""}, "--practice: expected the code of a practice"),
        ({"practice": "943 476 5919"}, "--practice: holds an NHS number, and the audit log is to hold none"),
        ({"pack": Path("943 476 5919.html")}, "PACK: its name holds an NHS number"),
        ({"pack": Path("listed.parquet")}, r"listed\.parquet: expected a file of a list \(\.html"),
        ({"pack": Path("M92001.identified.html")}, "holds NHS numbers already"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: Asked, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        replace(asked, **fields)
    assert "943" not in str(refused.value)
    assert "9AA" not in str(refused.value).upper()


# --- printed lists ---------------------------------------------------------------------------------------------------


def test_a_pdf_is_printed_anew_from_the_page_with_the_numbers(packs: Path, tmp_path: Path, ask: Ask) -> None:
    pack = packs / "M92001.pdf"
    pack.write_bytes(b"%PDF as the run printed it")

    made = ask(pack=pack, to_pdf=lambda page: b"%PDF of " + page)

    assert made.path == packs / "M92001.identified.pdf"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert found_in(made.path.read_text(encoding="utf-8")) == {NUMBER_OF[each] for each in LISTED["M92001"]}
    assert pack.read_bytes() == b"%PDF as the run printed it"
    assert entries(tmp_path)[0]["pack"] == "M92001.pdf"
    assert [path.name for path in packs.glob("*.identified.*")] == ["M92001.identified.pdf"]


def test_a_pdf_without_its_page_or_without_a_printer_is_told_before_the_entry(
    packs: Path, tmp_path: Path, ask: Ask
) -> None:
    pack = packs / "M92001.pdf"
    pack.write_bytes(b"%PDF")
    with pytest.raises(UsageError, match="to_pdf: is missing"):
        ask(pack=pack)
    (packs / "M92001.html").unlink()
    with pytest.raises(InputError, match=r"M92001\.html: cannot be read"):
        ask(pack=pack, to_pdf=lambda page: page)
    assert entries(tmp_path) == []


# --- refusals --------------------------------------------------------------------------------------------------------


def refused_as(asked: Asked, tmp_path: Path, error: BaseException) -> BaseException:
    """Refuse what was asked, for that reason; return what is told of it."""
    with (
        pytest.raises(type(error)) as told,
        refusals_entered(asked, log=tmp_path / "log" / "audit", anchor=tmp_path / "anchor"),
    ):
        raise error
    return told.value


def test_a_refusal_is_entered_with_who_when_which_practice_and_why(asked: Asked, tmp_path: Path, ask: Ask) -> None:
    ask()
    error = GovernanceError("--governance: jsmith may not.\nAsk whoever answers for it.")

    assert refused_as(asked, tmp_path, error) is error

    _, entry = entries(tmp_path)
    assert {name: entry[name] for name in ("entry", "who", "when", "practice", "purpose", "pack", "refused")} == {
        "entry": 2,
        "who": "jsmith",
        "when": "2025-11-11T12:05:00+00:00",
        "practice": "M92001",
        "purpose": "MDT of 11 November",
        "pack": "M92001.html",
        "refused": "--governance: jsmith may not. Ask whoever answers for it.",
    }
    assert verify(tmp_path / "log" / "audit", Anchor.read(tmp_path / "anchor")).number == 2
    assert refusals_in(tmp_path / "log" / "audit") == 1


@pytest.mark.parametrize("kind", [GovernanceError, InputError, UsageError])
def test_whatever_is_refused_is_entered(asked: Asked, tmp_path: Path, kind: type[Exception]) -> None:
    refused_as(asked, tmp_path, kind("why"))

    assert [entry["refused"] for entry in entries(tmp_path)] == ["why"]


@pytest.mark.parametrize("error", [ResourceError("full"), KeyboardInterrupt()])
def test_what_the_machine_or_the_person_broke_off_is_no_refusal(
    asked: Asked, tmp_path: Path, error: BaseException
) -> None:
    refused_as(asked, tmp_path, error)

    assert entries(tmp_path) == []


def test_a_refusal_never_brings_a_number_into_the_log(asked: Asked, tmp_path: Path) -> None:
    refused_as(asked, tmp_path, InputError("lists of 943 476 5919/M92001.html: no such file."))

    [entry] = entries(tmp_path)
    assert entry["refused"] == "InputError: its words are left out, for they hold an NHS number."


def test_a_refusal_that_cannot_be_entered_is_told_with_why(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "log").touch()

    told = refused_as(asked, tmp_path, GovernanceError("jsmith may not."))

    assert str(told).startswith("jsmith may not.\nThis refusal could not be entered in the audit log. ")
    assert "cannot be written (" in str(told)


def test_a_log_that_was_changed_is_told_once_and_nothing_is_added_to_it(asked: Asked, tmp_path: Path, ask: Ask) -> None:
    ask()
    log = tmp_path / "log" / "audit"
    log.write_text(log.read_text().replace("jsmith", "jsmyth"))
    before = log.read_bytes()
    with (
        pytest.raises(GovernanceError) as told,
        refusals_entered(asked, log=log, anchor=tmp_path / "anchor"),
    ):
        ask()
    assert str(told.value).count("line 1: was changed") == 1
    assert log.read_bytes() == before


def test_decisions_in_a_copy_come_back_by_pseudonym(ask: Ask, packs: Path) -> None:
    path = ask(pack=packs / "M92001.xlsx").path
    book = openpyxl.load_workbook(path)
    sheet = book["Case list"]
    place = {str(cell.value): cell.column for cell in sheet[1]}
    sheet.cell(2, place["Decision"], "accept")
    book.save(path)
    returned = read_returned(path, reviewed_on=date(2025, 11, 12))
    assert [decided.patient.patient_id for decided in returned.decided] == [LISTED["M92001"][0]]
    assert not found_in(repr(returned))


def with_broken_sheet(workbook: bytes) -> bytes:
    made = BytesIO()
    with ZipFile(BytesIO(workbook)) as old, ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<worksheet><sekret" if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return made.getvalue()


@pytest.mark.parametrize(
    ("ending", "spoil"),
    [
        ("csv", lambda content: content + b"sekret\r\n"),
        ("csv", lambda content: content + b"\r\n\r\n"),
        ("jsonl", lambda content: content + b'{"sekret":' + b"[" * 200_000 + b"\n"),
        ("jsonl", lambda content: content + b"[1]\n"),
        ("xlsx", with_broken_sheet),
    ],
    ids=["a short row", "blank lines", "json in depth", "json of no person", "broken XML"],
)
def test_a_list_that_is_damaged_at_its_end_is_told_and_entered(
    packs: Path, tmp_path: Path, asked: Asked, ask: Ask, ending: str, spoil: Callable[[bytes], bytes]
) -> None:
    pack = packs / f"M92001.{ending}"
    pack.write_bytes(spoil(pack.read_bytes()))
    places = {"log": tmp_path / "log" / "audit", "anchor": tmp_path / "anchor"}
    with pytest.raises(InputError, match=rf"M92001\.{ending}: is ") as refused, refusals_entered(asked, **places):
        ask(pack=pack)
    assert "sekret" not in str(refused.value)
    [entry] = entries(tmp_path)
    assert entry["refused"].startswith(str(packs)) or "is damaged" in entry["refused"]


def test_what_nobody_thought_of_is_entered_by_its_kind_and_goes_on(tmp_path: Path, asked: Asked) -> None:
    places = {"log": tmp_path / "log" / "audit", "anchor": tmp_path / "anchor"}
    with pytest.raises(RecursionError), refusals_entered(asked, **places):
        raise RecursionError("sekret 943 476 5919")
    [entry] = entries(tmp_path)
    assert entry["refused"] == "RecursionError: the command failed, for no reason that it knows."
