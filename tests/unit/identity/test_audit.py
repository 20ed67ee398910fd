import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from vi_risk.errors import GovernanceError, InputError, ResourceError
from vi_risk.identity import audit
from vi_risk.identity.audit import Access, Anchor, Entry, record, verify

NOON = datetime(2025, 11, 11, 12, tzinfo=UTC)


def access(number: int = 0) -> Access:
    return Access(
        "jsmith", NOON + timedelta(minutes=number), "M92001", 18, "MDT", "M92001.html", "231ae63db7c3", "5e1f"
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of five entries, its anchor in another folder."""
    path = tmp_path / "log" / "audit.log"
    for number in range(5):
        assert record(access(number), path, anchor_of(path)).number == number + 1
    return path


def anchor_of(log: Path) -> Path:
    return log.parent.parent / "keys" / "audit.anchor"


def verified(log: Path) -> Entry:
    return verify(log, Anchor.read(anchor_of(log)))


def faults(log: Path) -> list[str]:
    """Return what is wrong with a log, without its name: a line each, but for what to do."""
    with pytest.raises(GovernanceError) as found:
        verified(log)
    *lines, mend = str(found.value).splitlines()
    assert mend.startswith("Re-identify nobody")
    return [line.removeprefix(str(log)).lstrip(":, ") for line in lines]


def test_a_log_that_nobody_touched_is_whole(log: Path) -> None:
    last = verified(log)
    assert last.number == 5
    assert stat.S_IMODE(log.stat().st_mode) == stat.S_IMODE(anchor_of(log).stat().st_mode) == 0o600


def test_an_entry_says_who_when_which_practice_how_many_and_why(log: Path) -> None:
    entry = json.loads(log.read_text().splitlines()[1])
    assert {
        name: entry[name]
        for name in ("entry", "who", "when", "practice", "people", "purpose", "pack", "key", "governance")
    } == {
        "entry": 2,
        "who": "jsmith",
        "when": "2025-11-11T12:01:00+00:00",
        "practice": "M92001",
        "people": 18,
        "purpose": "MDT",
        "pack": "M92001.html",
        "key": "231ae63db7c3",
        "governance": "5e1f",
    }


@pytest.mark.parametrize(("old", "new"), [("jsmith", "jsmyth"), ('"people": 18', '"people": 1'), ("12:02", "13:02")])
def test_a_changed_entry_is_found(log: Path, old: str, new: str) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join([*lines[:2], lines[2].replace(old, new), *lines[3:]]))
    assert faults(log) == ["line 3: was changed since it was written."]


def test_a_changed_line_end_is_found_though_the_entries_say_the_same(log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b"\n", b"\r\n"))
    assert faults(log) == [f"line {number}: was changed since it was written." for number in range(1, 6)]


def test_bytes_that_are_no_text_are_found(log: Path) -> None:
    first, rest = log.read_bytes().split(b"\n", 1)
    log.write_bytes(first.replace(b"MDT", b"\xff") + b"\n" + rest)
    assert faults(log)[0] == "line 1: is no entry."
    log.write_bytes(first.replace(b"MDT", rb"\ud800") + b"\n" + rest)
    assert faults(log)[0] == "line 1: was changed since it was written."


def test_a_changed_entry_with_its_hash_worked_out_again_is_found(log: Path) -> None:
    lines = log.read_text().splitlines(keepends=True)
    entry = json.loads(lines[2]) | {"who": "jsmyth"}
    entry["hash"] = audit._hash(entry)
    log.write_text("".join([*lines[:2], json.dumps(entry) + "\n", *lines[3:]]))
    assert faults(log) == ["line 4: does not follow the line before it; one was removed, added or moved."]


@pytest.mark.parametrize(
    ("order", "first"),
    [([1, 2, 3, 4], 1), ([0, 1, 3, 4], 3), ([0, 2, 1, 3, 4], 2), ([0, 1, 1, 2, 3, 4], 3), ([4, 3, 2, 1, 0], 1)],
    ids=["the first removed", "one removed", "two exchanged", "one repeated", "turned round"],
)
def test_a_removed_moved_or_repeated_entry_is_found(log: Path, order: list[int], first: int) -> None:
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[place] for place in order))
    assert faults(log)[0] == f"line {first}: does not follow the line before it; one was removed, added or moved."


def test_an_entry_of_another_number_is_found_though_the_hashes_fit(log: Path) -> None:
    before = verified(log)
    audit._appended(access(5), log, Entry(before.number + 1, before.hash))
    with pytest.raises(GovernanceError, match="line 6: does not follow the line before it"):
        verify(log)


@pytest.mark.parametrize("left", [4, 1, 0])
def test_an_end_that_was_cut_off_is_found_by_the_anchor(log: Path, left: int) -> None:
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:left]))
    assert faults(log) == [f"ends at entry {left}, and its anchor knows 5: its end was cut off."]
    assert verify(log).number == left  # without its anchor, a shorter log looks whole


def test_a_log_that_is_gone_is_found_by_the_anchor(log: Path) -> None:
    log.unlink()
    assert faults(log) == ["ends at entry 0, and its anchor knows 5: its end was cut off."]
    with pytest.raises(InputError, match="no such file"):
        verify(log)


def test_a_log_written_anew_from_the_beginning_is_found_by_the_anchor(log: Path) -> None:
    anchor = Anchor.read(anchor_of(log))
    other = log.parent / "other.log"
    for number in range(6):
        record(access(number + 1), other, log.parent / "other.anchor")
    with pytest.raises(GovernanceError, match="line 5: is another entry than the one that the anchor knows"):
        verify(other, anchor)


def test_a_log_and_anchor_both_written_anew_are_found_by_an_older_copy_of_the_anchor(log: Path) -> None:
    witness = Anchor.read(anchor_of(log))
    log.unlink()
    anchor_of(log).unlink()
    for number in range(6):
        record(access(number + 1), log, anchor_of(log))
    assert verified(log).number == 6  # the two agree with one another
    with pytest.raises(GovernanceError, match="is another entry than the one that the anchor knows"):
        verify(log, witness)


def test_a_log_that_has_grown_still_fits_an_older_copy_of_its_anchor(log: Path) -> None:
    witness = Anchor.read(anchor_of(log))
    record(access(5), log, anchor_of(log))
    assert verify(log, witness).number == 6


@pytest.mark.parametrize("line", ["", "sekret", "[1]", '{"entry": 3}', "null"])
def test_a_line_that_is_no_entry_is_found_and_not_repeated(log: Path, line: str) -> None:
    lines = log.read_text().splitlines()
    log.write_text("\n".join([*lines[:2], line, *lines[3:]]) + "\n")
    found = faults(log)
    assert found[0] == "line 3: is no entry."
    assert "sekret" not in " ".join(found)


@pytest.mark.parametrize("change", [str.upper, lambda text: text.replace(": ", ":"), lambda text: text + " "])
def test_a_line_written_otherwise_is_found(log: Path, change: Callable[[str], str]) -> None:
    lines = log.read_text().splitlines()
    log.write_text("\n".join([change(lines[0]), *lines[1:]]) + "\n")
    assert faults(log)[0].startswith("line 1: ")


def test_nothing_is_added_to_a_log_that_was_changed(log: Path) -> None:
    log.write_text(log.read_text().replace("jsmith", "jsmyth", 1))
    before = log.read_bytes()
    with pytest.raises(GovernanceError, match="line 1: was changed"):
        record(access(5), log, anchor_of(log))
    assert log.read_bytes() == before


def test_nothing_is_added_where_the_anchor_is_gone_or_damaged(log: Path) -> None:
    anchor_of(log).write_text("sekret")
    with pytest.raises(GovernanceError, match="the anchor of the audit log is damaged"):
        record(access(5), log, anchor_of(log))
    anchor_of(log).unlink()
    with pytest.raises(GovernanceError, match=r"its anchor .* is gone"):
        record(access(5), log, anchor_of(log))
    assert len(log.read_text().splitlines()) == 5


def test_a_process_that_ended_between_log_and_anchor_leaves_a_log_that_goes_on(log: Path) -> None:
    before = anchor_of(log).read_bytes()
    record(access(5), log, anchor_of(log))
    anchor_of(log).write_bytes(before)
    assert record(access(6), log, anchor_of(log)).number == 7
    assert verified(log).number == 7


def test_entries_that_were_added_by_other_means_are_found(log: Path) -> None:
    before = anchor_of(log).read_bytes()
    for number in (5, 6):
        record(access(number), log, anchor_of(log))
    anchor_of(log).write_bytes(before)
    with pytest.raises(GovernanceError, match="has 7 entries, and its anchor knows 5: some were added otherwise"):
        record(access(7), log, anchor_of(log))


def test_part_of_an_entry_at_the_end_is_told_as_what_it_is(log: Path) -> None:
    with log.open("a") as file:
        file.write('{"entry": 6, "who"')
    [fault] = faults(log)
    assert fault.startswith("line 6: is part of an entry, as a machine leaves it that stops while it writes.")


def test_a_log_of_several_users_stays_theirs(log: Path) -> None:
    for path in (log, anchor_of(log)):
        path.chmod(0o660)
    record(access(5), log, anchor_of(log))
    files = (log, anchor_of(log), log.with_name(f"{log.name}.lock"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o660] * 3


def test_an_empty_log_that_was_made_beforehand_is_begun(tmp_path: Path) -> None:
    log = tmp_path / "log" / "audit.log"
    log.parent.mkdir()
    log.touch()
    assert record(access(), log, anchor_of(log)).number == 1


def test_a_log_that_cannot_be_written_stops_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="without an entry nobody is re-identified"):
        record(access(), tmp_path / "file" / "audit.log", tmp_path / "anchor")


def test_a_log_that_another_process_holds_is_waited_for_and_then_told(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_LONGEST_WAIT", 0.1)
    with (
        audit.FileLock(log.with_name(f"{log.name}.lock"), is_singleton=False),
        pytest.raises(ResourceError, match="another process has held it"),
    ):
        record(access(5), log, anchor_of(log))


def _add_ten(log: Path, anchor: Path) -> None:
    for number in range(10):
        record(access(number), log, anchor)


def test_several_processes_at_once_make_one_chain(tmp_path: Path) -> None:
    log = tmp_path / "log" / "audit.log"
    context = get_context("spawn")
    workers = [context.Process(target=_add_ten, args=(log, anchor_of(log))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert verified(log).number == 20


def test_a_second_log_beside_the_anchor_of_the_first_is_refused(log: Path) -> None:
    own = log.with_name("own.log")
    with pytest.raises(GovernanceError) as refused:
        record(access(), own, anchor_of(log).with_name("own.log.anchor"))
    assert str(refused.value) == (
        f"{own}: is a new log, and beside the link table is the anchor of another (audit.anchor). Name the log that the"
        " site keeps. Where a new one is begun on purpose, whoever answers for the log puts the old anchor away with"
        " the old log first."
    )
    assert not own.exists()
    assert record(access(), log, anchor_of(log)).number == 6
