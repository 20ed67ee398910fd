import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import keyring.backend
import pytest
from keyring.errors import KeyringLocked

from tests.unit.identity.people import KEY, OTHER_KEY
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.identity import key_places
from vi_risk.identity.key_places import keep_key, read_key


class Remembered(keyring.backend.KeyringBackend):
    """A keyring of a test, in memory."""

    priority = 1  # type: ignore[assignment]  # a class property there

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def remembered() -> Iterator[Remembered]:
    before, backend = keyring.get_keyring(), Remembered()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def test_a_key_is_kept_in_a_private_file(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "2026.key"
    keep_key(KEY, str(place))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert read_key(str(place)) == KEY


def test_a_key_is_never_written_over(tmp_path: Path, remembered: Remembered) -> None:
    for place in (str(tmp_path / "key"), "keyring:2026"):
        keep_key(KEY, place)
        with pytest.raises(InputError, match="not written over"):
            keep_key(OTHER_KEY, place)
        assert read_key(place) == KEY


def test_a_key_in_a_git_tree_is_neither_kept_nor_read(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    place = tmp_path / "folder" / "key"
    with pytest.raises(UsageError, match="lies in the git tree"):
        keep_key(KEY, str(place))
    assert not place.parent.exists()
    place.parent.mkdir()
    place.write_text(KEY.to_text())
    with pytest.raises(UsageError, match="lies in the git tree"):
        read_key(str(place))


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "key"
    keep_key(KEY, str(place))
    place.chmod(0o644)
    with pytest.raises(InputError, match="the key may be read by others"):
        read_key(str(place))


def test_a_key_comes_from_the_environment_and_is_not_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_KEY", KEY.to_text())
    assert read_key("env:SITE_KEY") == KEY
    monkeypatch.setenv("SITE_KEY", "")
    with pytest.raises(InputError, match="the environment variable SITE_KEY is not set"):
        read_key("env:SITE_KEY")
    with pytest.raises(UsageError, match="a variable can only be read"):
        keep_key(KEY, "env:SITE_KEY")


def test_a_key_is_kept_in_the_keyring(remembered: Remembered) -> None:
    keep_key(KEY, "keyring:2026")
    assert read_key("keyring:2026") == KEY
    assert list(remembered.kept) == [("vi_risk", "2026")]
    with pytest.raises(InputError, match="holds no key of that name"):
        read_key("keyring:2027")


def test_a_locked_keyring_is_told(remembered: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, username: str) -> str:
        raise KeyringLocked("sekret")

    monkeypatch.setattr(remembered, "get_password", locked)
    with pytest.raises(ResourceError, match="cannot be used \\(KeyringLocked\\)") as told:
        read_key("keyring:2026")
    assert "sekret" not in str(told.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> SimpleNamespace:
        raise ImportError(name)

    monkeypatch.setattr(key_places, "import_module", absent)
    with pytest.raises(UsageError, match="Install vi-risk with the extra keyring"):
        read_key("keyring:2026")
