"""Files for their owner's eyes alone: written so from the first byte, whole or not at all, and refused where not."""

import os
import stat
import tempfile
from pathlib import Path

from vi_risk.errors import InputError, ResourceError
from vi_risk.running.files import check_writable

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name == "posix"  # elsewhere access lists decide, which are the site's to set


def check_private_place(path: Path) -> None:
    """Raise where no file could be written at that path: asked before long work, at whose end it is written.

    Raises
    ------
    ResourceError
        Its folder cannot be written.
    """
    try:
        check_writable(path.absolute().parent)
    except OSError as error:
        raise _not_written(path, error) from None


def write_private(path: Path, content: bytes, *, anew: bool = False, shared: bool = False) -> None:
    """Write a file that its owner alone may read (mode 0600), in the place of an old one of that name.

    Parameters
    ----------
    anew
        True where there must be none of that name yet.
    shared
        True where the rights that a site gave the owner's group on the old file stay.

    Raises
    ------
    InputError
        There is one, and `anew`.
    ResourceError
        It cannot be written; the old one stays as it was.
    """
    aside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if anew:
            number, aside = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), path
        else:
            number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
            aside = Path(name)
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not anew:
            if shared and path.exists():
                aside.chmod(stat.S_IMODE(path.stat().st_mode) & ~stat.S_IRWXO)
            aside.replace(path)
        aside = None
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            msg = f"{path}: is there already, and is not written over. Name a new file."
            raise InputError(msg) from None
        raise _not_written(path, error) from None
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def read_private(path: Path, *, what: str, shared: bool = False) -> bytes:
    """Return the content of a file, if nobody but its owner may read it.

    Parameters
    ----------
    what
        It is, for messages: "the key".
    shared
        True where the owner's group may read it as well.

    Raises
    ------
    InputError
        There is no such file, it cannot be read, or others may read it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if _HAS_MODES and mode & (stat.S_IRWXO if shared else _OTHERS):
                right = 0o660 if shared else 0o600
                msg = (
                    f"{path}: {what} may be read by others (mode {mode:04o}, expected {mode & right:04o}). Take their"
                    f" rights away (chmod {mode & right:o} {path}), and think of who has read it since."
                )
                raise InputError(msg)
            return file.read()
    except OSError as error:
        msg = f"{path}: {what} cannot be read ({error.strerror}). Name the file, as a user who may read it."
        raise InputError(msg) from None


def _not_written(path: Path, error: OSError) -> ResourceError:
    return ResourceError(
        f"{path}: cannot be written ({error.strerror}). Free space, or name a place that you may write to."
    )


def tree_of(path: Path) -> Path | None:
    """Return the folder of the git working tree in which a path lies; None where it lies in none."""
    place = path.expanduser().absolute()
    return next((above for above in place.resolve().parents if (above / ".git").exists()), None)
