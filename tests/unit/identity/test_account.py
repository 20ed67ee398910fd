import os
import pwd

import pytest

from vi_risk.cli.reidentify import user_account

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere Python alone knows the account")


def test_the_account_is_that_of_the_system_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "someone-else")
    assert user_account() == pwd.getpwuid(os.getuid()).pw_name


def test_an_account_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert user_account() == "uid 4000000"
