"""Outputs that appear whole or not at all: a folder is written aside and exchanged with the old one in one step."""

import contextlib
import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vi_risk.errors import ResourceError, UsageError

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@contextlib.contextmanager
def replaced(out: Path, *, keep: bool, owned: tuple[str, ...]) -> Iterator[Path]:
    """Give a folder to write to that takes the place of `out` when the block ends well, and goes when it does not.

    Parameters
    ----------
    keep
        True where a stage adds to what earlier stages wrote: all of `out` is there to begin with. False where a run
        begins anew: only files that are not vi_risk's own are carried over.
    owned
        Names in `out` that vi_risk writes. A file with another name is never touched.

    Raises
    ------
    UsageError
        `out` is a file, the working folder or one above it.
    ResourceError
        The disk is full or the folder cannot be written.
    """
    check_out(out)
    out = out.resolve()  # of a link, the folder that it names
    with _as_resource_error(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        aside.chmod(out.stat().st_mode & 0o7777 if out.exists() else 0o755 & ~_umask())
    try:
        with _as_resource_error(out):
            if out.exists():
                _carry_over(out, aside, () if keep else owned)
        with _as_resource_error(out, only=_FULL):
            yield aside
        with _as_resource_error(out):
            _exchange(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)  # after the exchange this is the old folder


def check_out(out: Path) -> None:
    """Raise UsageError where `out` cannot be an output folder: a file, the working folder or one above it."""
    if out.exists() and not out.is_dir():
        msg = f"--out {out}: is a file. Name a folder; it is made if it is not there."
        raise UsageError(msg)
    if os.path.ismount(out):
        msg = (
            f"--out {out}: is a mount point, which cannot be replaced. Name a folder inside it, such as {out / 'out'}."
        )
        raise UsageError(msg)
    if Path.cwd().is_relative_to(out.resolve()):
        msg = (
            f"--out {out}: holds the working folder, and an output folder is replaced whole."
            " Name a folder of its own, such as out."
        )
        raise UsageError(msg)


def write_text(path: Path, text: str) -> None:
    """Write a text file anew; an old file of that name, and every other name it has, stays as it was."""
    path.unlink(missing_ok=True)  # files carried over share their content with the old folder
    path.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a file or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _carry_over(old: Path, new: Path, left_out: tuple[str, ...]) -> None:
    """Give the new folder the old one's entries: the same files by a second name, copies where that cannot be."""
    for entry in old.iterdir():
        if entry.name in left_out:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, new / entry.name, copy_function=_link, symlinks=True)
        else:
            _link(str(entry), str(new / entry.name))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _exchange(new: Path, out: Path) -> None:
    if not out.exists():
        new.rename(out)
        return
    if sys.platform == "linux" and _exchange_at_once(new, out):
        return
    old = new.with_name(new.name + ".old")
    out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _exchange_at_once(new: Path, out: Path) -> bool:
    """Swap two folders by renameat2(2); False where the system or file system does not know it."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done = rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(out), _RENAME_EXCHANGE)
    if done != 0 and ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(out))
    return bool(done == 0)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def _as_resource_error(out: Path, *, only: tuple[int, ...] = ()) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if only and error.errno not in only:
            raise
        mend = (
            "Free space or name another folder with --out."
            if error.errno in _FULL
            else "Name a folder that you may write to, and that is not itself a mount point, with --out."
        )
        msg = f"--out {out}: cannot be written ({error.strerror or type(error).__name__}). {mend}"
        raise ResourceError(msg) from None
