import base64
import hashlib
import re

import pytest

from tests.unit.identity.people import KEY, NUMBERS, OTHER_KEY
from vi_risk.errors import InputError
from vi_risk.identity import pseudonyms
from vi_risk.identity.keys import Key
from vi_risk.identity.pseudonyms import KINDS, OF_PERSON, pseudonyms_of


def hmac_by_hand(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 as FIPS 198-1 writes it down, for keys of up to 64 bytes."""
    block = key.ljust(64, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
    return hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest()


def test_the_formula_written_out_gives_the_published_vector() -> None:
    # RFC 4231, test case 2.
    assert hmac_by_hand(b"Jefe", b"what do ya want for nothing?").hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_pseudonym_is_eighty_bits_of_the_formula_in_base32(kind: str) -> None:
    for value in ("9434765919", "", "Ä\0" * 100):
        digest = hmac_by_hand(KEY.derived("pseudonyms"), f"{kind}\0{value}".encode())
        expected = KINDS[kind] + base64.b32encode(digest[:10]).decode().lower()
        assert pseudonyms_of([value], kind, KEY) == [expected]


def test_a_pseudonym_never_changes() -> None:
    assert pseudonyms_of(["9434765919"], "patient_id", KEY) == ["pxph4d7mzqkoztibm"]


def test_the_order_of_values_is_kept_over_many_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pseudonyms_of(NUMBERS, "patient_id", KEY)
    monkeypatch.setattr(pseudonyms, "_AT_ONCE", 7)
    assert pseudonyms_of(NUMBERS, "patient_id", KEY) == whole
    assert whole == [pseudonym for number in NUMBERS for pseudonym in pseudonyms_of([number], "patient_id", KEY)]
    assert pseudonyms_of([], "patient_id", KEY) == []


def test_another_key_purpose_place_or_kind_gives_other_pseudonyms() -> None:
    keys = (KEY, OTHER_KEY, Key("planning", "RL4", KEY.secret), Key("direct care", "RBD", KEY.secret))
    of_keys = {pseudonyms_of(NUMBERS[:1], "patient_id", key)[0] for key in keys}
    of_kinds = {pseudonyms_of(NUMBERS[:1], kind, KEY)[0][1:] for kind in KINDS}
    assert (len(of_keys), len(of_kinds)) == (4, len(KINDS))


def test_a_pseudonym_is_never_a_number_to_a_spreadsheet() -> None:
    for pseudonym in pseudonyms_of(NUMBERS, "patient_id", KEY):
        assert re.fullmatch(OF_PERSON, pseudonym)
        with pytest.raises(ValueError, match="could not convert"):
            float(pseudonym)


def test_two_people_with_one_pseudonym_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_of_part", lambda values, *_: ["p"] * len(values))
    with pytest.raises(InputError, match="two of 2 values have one pseudonym") as refused:
        pseudonyms_of(NUMBERS[:2], "patient_id", KEY)
    assert NUMBERS[0] not in str(refused.value)
