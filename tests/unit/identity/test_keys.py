import base64
import json

import pytest

from tests.unit.identity.people import KEY
from vi_risk.errors import InputError, UsageError
from vi_risk.identity.keys import Key, new_key


def test_two_new_keys_are_not_the_same() -> None:
    one, other = (new_key("direct care", "RL4") for _ in range(2))
    assert len(one.secret) == 32
    assert one.secret != other.secret
    assert one.key_id != other.key_id


def test_a_key_comes_back_as_it_was_kept() -> None:
    assert Key.from_text(KEY.to_text(), "here") == KEY


def test_nothing_that_is_shown_of_a_key_holds_its_secret() -> None:
    shown = f"{KEY} {KEY!r} {KEY.title} {KEY.key_id}"
    for secret in (KEY.secret.hex(), base64.b64encode(KEY.secret).decode(), repr(KEY.secret)):
        assert secret not in shown
    assert KEY.key_id in KEY.title


def test_each_use_purpose_and_place_has_a_key_of_its_own() -> None:
    keys = [
        KEY.derived("pseudonyms"),
        KEY.derived("link table"),
        Key("planning", "RL4", KEY.secret).derived("pseudonyms"),
        Key("direct care", "RBD", KEY.secret).derived("pseudonyms"),
        Key("direct careRL4", "x", KEY.secret).derived("pseudonyms"),
    ]
    assert len(set(keys)) == len(keys)
    assert KEY.secret not in keys


def test_what_is_derived_of_a_key_never_changes() -> None:
    # HKDF-SHA-256 without salt, as any other library makes it: RFC 5869 with HMAC written out.
    from tests.unit.identity.test_pseudonyms import hmac_by_hand

    info = json.dumps(["vi_risk", "direct care", "RL4", "pseudonyms"]).encode()
    extracted = hmac_by_hand(bytes(32), KEY.secret)
    assert KEY.derived("pseudonyms") == hmac_by_hand(extracted, info + b"\x01")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sekret",
        "[]",
        "{}",
        KEY.to_text()[:-10],
        KEY.to_text().replace("key 1", "key 2"),
        KEY.to_text().replace(base64.b64encode(KEY.secret).decode(), base64.b64encode(b"sekret").decode()),
        KEY.to_text().replace("direct care", ""),
    ],
)
def test_what_is_no_key_is_refused_without_its_content(text: str) -> None:
    with pytest.raises(InputError, match=r"^--key k: holds no key, or a damaged one\.") as refused:
        Key.from_text(text, "--key k")
    assert "sekret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(("purpose", "place"), [("", "RL4"), (" ", "RL4"), ("care", ""), ("a\nb", "RL4")])
def test_a_key_says_what_it_is_for_and_where(purpose: str, place: str) -> None:
    with pytest.raises(UsageError, match="expected a line of text"):
        new_key(purpose, place)
