"""Where a key is kept: a private file outside every git tree, an environment variable, the system's keyring.

One text says which: the path of a file, ``env:NAME`` or ``keyring:NAME``. No message, log or run holds the key; what
stands in them is its name (`Key.key_id`).
"""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.identity.keys import Key
from vi_risk.identity.private_files import read_private, tree_of, write_private

_ENVIRONMENT, _KEYRING = "env:", "keyring:"
_SERVICE = "vi_risk"


def read_key(place: str) -> Key:
    """Return the key that is kept at a place.

    Raises
    ------
    InputError
        There is none, it is damaged, or others may read it.
    UsageError
        The file lies in a git tree, or the keyring is named and not installed.
    """
    if place.startswith(_ENVIRONMENT):
        name = place.removeprefix(_ENVIRONMENT)
        text = os.environ.get(name)
        if not text:
            msg = f"--key {place}: the environment variable {name} is not set. Put the one line of a key file into it."
            raise InputError(msg)
        return Key.from_text(text, f"--key {place}")
    if place.startswith(_KEYRING):
        text = _of_keyring(place, lambda keyring, name: keyring.get_password(_SERVICE, name))
        if not text:
            msg = f"--key {place}: the keyring holds no key of that name. Make one with `vi-risk key new`."
            raise InputError(msg)
        return Key.from_text(text, f"--key {place}")
    path = _outside_trees(place)
    return Key.from_text(read_private(path, what="the key").decode("utf-8", "replace"), f"--key {place}")


def keep_key(key: Key, place: str) -> None:
    """Keep a new key at a place where there is none yet.

    Raises
    ------
    InputError
        One is kept there.
    UsageError
        The place is the environment, which a program cannot set for others, or a file in a git tree.
    ResourceError
        The file or the keyring cannot be written.
    """
    if place.startswith(_ENVIRONMENT):
        msg = (
            f"--key {place}: a variable can only be read. Make the key in a file, and put the line in it into the"
            " variable where the key is needed."
        )
        raise UsageError(msg)
    if place.startswith(_KEYRING):
        if _of_keyring(place, lambda keyring, name: keyring.get_password(_SERVICE, name)):
            msg = f"--key {place}: the keyring holds a key of that name, and it is not written over. Name a new one."
            raise InputError(msg)
        _of_keyring(place, lambda keyring, name: keyring.set_password(_SERVICE, name, key.to_text()))
        return
    write_private(_outside_trees(place), key.to_text().encode(), anew=True)


def _outside_trees(place: str) -> Path:
    path = Path(place).expanduser()
    tree = tree_of(path)
    if tree is not None:
        msg = (
            f"--key {place}: lies in the git tree {tree}, from which it could be published with the code. Keep the key"
            " outside of it, such as in ~/.config/vi_risk."
        )
        raise UsageError(msg)
    return path


def _of_keyring(place: str, ask: Any) -> str | None:
    try:
        keyring = import_module("keyring")
    except ImportError:
        msg = f"--key {place}: needs the Python package keyring. Install vi-risk with the extra keyring."
        raise UsageError(msg) from None
    try:
        found = ask(keyring, place.removeprefix(_KEYRING))
    except keyring.errors.KeyringError as error:
        msg = (
            f"--key {place}: the keyring of the system cannot be used ({type(error).__name__}). Unlock it, or keep the"
            " key in a file."
        )
        raise ResourceError(msg) from None
    return None if found is None else str(found)
