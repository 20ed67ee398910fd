import json
import stat
from datetime import date
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.identity.people import KEY, NUMBERS, OTHER_KEY, registered
from vi_risk.errors import InputError
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import LinkTable, read_links, write_links
from vi_risk.identity.pseudonyms import pseudonyms_of


def table(numbers: list[str] = NUMBERS, key: Key = KEY) -> LinkTable:
    where = registered((number, "M92001") for number in numbers)
    return LinkTable().with_people(numbers, pseudonyms_of(numbers, "patient_id", key), where)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_links(table(), tmp_path / "links", KEY)
    return tmp_path / "links"


def test_a_link_table_comes_back_with_its_key(written: Path) -> None:
    found = read_links(written, KEY)
    assert found.rows.equals(table().rows)
    assert found.practices.rows.equals(table().practices.rows)
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_nothing_of_anybody_can_be_read_in_the_file_or_in_what_is_printed(written: Path) -> None:
    content = written.read_bytes()
    shown = f"{read_links(written, KEY)!r}".encode()
    for text in (*NUMBERS, *pseudonyms_of(NUMBERS, "patient_id", KEY)):
        assert text.encode() not in content
        assert text.encode() not in shown


def test_a_link_table_of_the_version_before_is_read_and_knows_no_practice(tmp_path: Path) -> None:
    head = (
        b"vi_risk link table 1\n" + json.dumps({"key": KEY.key_id, "purpose": "direct care", "place": "RL4"}).encode()
    )
    rows = BytesIO()
    pq.write_table(table().rows, rows)
    nonce = bytes(12)
    sealed = AESGCM(KEY.derived("link table")).encrypt(nonce, rows.getvalue(), head + b"\n")
    (tmp_path / "links").write_bytes(head + b"\n" + nonce + sealed)
    (tmp_path / "links").chmod(0o600)

    found = read_links(tmp_path / "links", KEY)

    assert found.rows.equals(table().rows)
    assert found.practices.standing(NUMBERS, "M92001", on=date(2025, 11, 11)).unknown == frozenset(NUMBERS)
    again = found.with_people(NUMBERS, pseudonyms_of(NUMBERS, "patient_id", KEY), table().practices)
    assert again.practices.standing(NUMBERS, "M92001", on=date(2025, 11, 11)).here == frozenset(NUMBERS)


def test_the_wrong_key_is_refused_by_name(written: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_links(written, OTHER_KEY)
    assert KEY.title in str(refused.value)
    assert OTHER_KEY.title in str(refused.value)


def test_a_key_that_only_claims_to_be_the_right_one_opens_nothing(written: Path) -> None:
    content = written.read_bytes().replace(KEY.key_id.encode(), OTHER_KEY.key_id.encode())
    written.write_bytes(content)
    with pytest.raises(InputError, match="was changed or damaged since it was written"):
        read_links(written, OTHER_KEY)


def test_a_changed_byte_anywhere_is_found(written: Path) -> None:
    whole = written.read_bytes()
    places = [*range(whole.index(b"}") + 30), len(whole) // 2, len(whole) - 1]
    for place in places:
        written.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InputError):
            read_links(written, KEY)
    for shorter in (b"", whole[:10], whole[:-1], whole[: whole.index(b"}") + 5]):
        written.write_bytes(shorter)
        with pytest.raises(InputError):
            read_links(written, KEY)


def test_a_link_table_that_others_may_read_is_refused(written: Path) -> None:
    written.chmod(0o644)
    with pytest.raises(InputError, match="the link table may be read by others"):
        read_links(written, KEY)


def test_a_group_to_which_the_site_opened_the_file_keeps_it(written: Path) -> None:
    written.chmod(0o640)
    write_links(read_links(written, KEY), written, KEY)
    assert stat.S_IMODE(written.stat().st_mode) == 0o640


def test_people_of_the_next_extract_are_added_and_nobody_twice() -> None:
    found = table(NUMBERS[:3]).with_people(NUMBERS[2:5], pseudonyms_of(NUMBERS[2:5], "patient_id", KEY))
    assert found.rows.equals(table(NUMBERS[:5]).rows)
    assert found.people == 5


def test_numbers_are_found_by_pseudonym() -> None:
    known, unknown = pseudonyms_of([NUMBERS[7]], "patient_id", KEY)[0], "paaaaaaaaaaaaaaaa"
    assert table().numbers_of([known, unknown]) == {known: NUMBERS[7]}


def test_a_rotated_table_knows_the_old_pseudonyms_and_the_new() -> None:
    old, new = (pseudonyms_of(NUMBERS, "patient_id", key) for key in (KEY, OTHER_KEY))
    found = table().rotated(OTHER_KEY)
    assert found.people == len(NUMBERS)
    assert found.numbers_of([old[3], new[3]]) == {old[3]: NUMBERS[3], new[3]: NUMBERS[3]}
    assert found.practices.standing(NUMBERS, "M92001", on=date(2025, 11, 11)).here == frozenset(NUMBERS)
    assert found.renamed() == {**dict(zip(old, new, strict=True)), **dict(zip(new, new, strict=True))}


def test_a_table_rotated_twice_leads_from_the_oldest_pseudonym_to_the_newest() -> None:
    third = Key("direct care", "RL4", b"3" * 32)
    [old], [newest] = (pseudonyms_of(NUMBERS[:1], "patient_id", key) for key in (KEY, third))
    assert table().rotated(OTHER_KEY).rotated(third).renamed()[old] == newest
