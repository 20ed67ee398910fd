"""Outputs that appear whole or not at all: a folder is written aside and exchanged with the old one in one step.

Beside an output folder `out` stand, for as long as somebody writes it, its lock `.out.lock` and the folder aside,
`.out.unfinished`. A process that is killed leaves them there: the lock is free then, and the next run goes on with what
it finds, if it is asked to, or removes it.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from vi_risk.errors import ResourceError, UsageError, ViRiskError
from vi_risk.running.lock import held, refuse_held

# In a folder aside, what of it is finished (`vi_risk.stages.resuming`): whether a later run can go on with it.
JOURNAL = ".finished.json"

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextlib.contextmanager
def replaced(out: Path, *, keep: bool, owned: tuple[str, ...], resume: bool = False) -> Iterator[Path]:
    """Give a folder to write to that takes the place of `out` when the block ends well, and goes when it does not.

    Nobody but its owner can look into it until then; afterwards, into it and what vi_risk wrote there, who could look
    into `out` before. A new `out` is its owner's alone.

    Parameters
    ----------
    keep
        True where a stage adds to what earlier stages wrote: all of `out` is there to begin with. False where a run
        begins anew: only files that are not vi_risk's own are carried over.
    owned
        Names in `out` that vi_risk writes. A file with another name is never touched.
    resume
        Go on with what a run that was broken off left aside, if it finished anything (has a `JOURNAL`). Such a folder
        stays where the block ends because of the machine, and goes where it ends because of what was asked.

    Raises
    ------
    UsageError
        `out` is a file, the working folder or one above it.
    ResourceError
        The disk is full, the folder cannot be written, or another process is writing it.
    """
    check_out(out)
    shown, out = out, out.resolve()  # of a link, the folder that it names
    aside = unfinished(out)
    with contextlib.ExitStack() as held_so_long:
        with _as_resource_error(shown):
            out.parent.mkdir(parents=True, exist_ok=True)
            held_so_long.enter_context(held(_lock_of(out), what=f"--out {shown}"))
            held_so_long.enter_context(_private())
            _mend(out)
            if not resume or not (aside / JOURNAL).is_file():
                remove(aside)
            aside.mkdir(mode=0o700, exist_ok=True)
            for foreign in [entry for entry in aside.iterdir() if entry.name not in (*owned, JOURNAL)]:
                remove(foreign)  # of a run that is resumed: `out` may hold others by now
        try:
            with _as_resource_error(shown):
                if out.exists():
                    _carry_over(out, aside, () if keep else owned)
            with _as_resource_error(shown, only=_FULL):
                yield aside
            with _as_resource_error(shown):
                remove(aside / JOURNAL)
                _open_to(aside, out.stat().st_mode & 0o7777 if out.exists() else 0o700, owned)
                _exchange(aside, out)
        except BaseException as fault:
            if not (aside / JOURNAL).is_file() or _would_end_so_again(fault):
                shutil.rmtree(aside, ignore_errors=True)
            if isinstance(fault, ViRiskError) and str(aside) in str(fault):  # which nobody asked for, nor finds again
                raise type(fault)(str(fault).replace(str(aside), str(shown))) from None
            raise
        shutil.rmtree(aside, ignore_errors=True)  # after the exchange this is the old folder


def unfinished(out: Path) -> Path:
    """Return the folder aside in which the next content of `out` is written."""
    out = out.resolve()
    return out.with_name(f".{out.name}.unfinished")


def check_out(out: Path) -> None:
    """Raise where `out` cannot be an output folder: asked before long work.

    Raises
    ------
    UsageError
        It is a file, a mount point, the working folder or one above it.
    ResourceError
        Another process is writing it, or it could not be written when the work is done: what is written stands beside
        it first, and takes its place by its name.
    """
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
    with _as_resource_error(out):
        check_writable(out.resolve().parent)
        if out.exists():
            next(out.iterdir(), None)  # what of it is not vi_risk's own is carried over
        refuse_held(_lock_of(out.resolve()), what=f"--out {out}")


def check_apart(records: Path, *, out: Path) -> None:
    """Raise where the records lie in the folder that is made of them; a folder of its own among them is none of them.

    Raises
    ------
    UsageError
        They do: an output folder is replaced whole.
    """
    there, made = records.resolve(), out.resolve()
    if there.is_relative_to(made):
        how = "is" if there == made else "lies around"
        msg = (
            f"--out {out}: {how} the folder of --records {records}, and an output folder is replaced whole."
            " Name a folder of its own, where nothing else is kept."
        )
        raise UsageError(msg)


def check_not_owned(file: Path | None, *, flag: str, out: Path, owned: tuple[str, ...]) -> None:
    """Raise where a file that people keep has the place of one that vi_risk writes in an output folder.

    Parameters
    ----------
    flag
        By which the file was named, such as ``--reviews``.
    owned
        Names in `out` that vi_risk writes.

    Raises
    ------
    UsageError
        It has: the next run would write over it. Of a link, both where it lies and what it names are looked at.
    """
    if file is None:
        return
    made = out.resolve()
    for place in (file.parent.resolve() / file.name, file.resolve()):
        below = place.relative_to(made).parts if place.is_relative_to(made) else ()
        if below and below[0] in owned:
            msg = (
                f"{flag} {file}: lies in the output folder {out}, where vi_risk writes a {below[0]} of its own over it."
                " Keep the file in another folder, and name it there."
            )
            raise UsageError(msg)


def check_writable(folder: Path) -> None:
    """Raise OSError where no file could be written in a folder, or the folder not be made; nothing stays there."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    with tempfile.TemporaryFile(dir=there):  # whoever may write by the letter cannot always write
        pass


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


def _lock_of(out: Path) -> Path:
    return out.with_name(f".{out.name}.lock")


def _would_end_so_again(fault: BaseException) -> bool:
    """Whether the work ended because of what was asked, and not because of the machine or the person before it."""
    return isinstance(fault, ViRiskError) and not isinstance(fault, ResourceError)


def _open_to(folder: Path, mode: int, names: tuple[str, ...]) -> None:
    """Let whom the mode lets into the folder read what vi_risk wrote there; the files of others stay as they are."""
    for name in names:
        entry = folder / name
        below = [entry, *entry.rglob("*")] if entry.exists() and not entry.is_symlink() else []
        for path in below:
            if not path.is_symlink():
                path.chmod(0o700 | mode & 0o055 if path.is_dir() else 0o600 | mode & 0o044)
    folder.chmod(mode)


def _exchange(new: Path, out: Path) -> None:
    if not out.exists():
        new.rename(out)
        return
    if sys.platform == "linux" and _exchange_at_once(new, out):
        return
    out.rename(_old(out))  # killed after this, `_mend` puts it back
    new.rename(out)
    shutil.rmtree(_old(out), ignore_errors=True)


def _old(out: Path) -> Path:
    return out.with_name(f".{out.name}.unfinished.old")


def _mend(out: Path) -> None:
    """Put the old folder back where a process was killed between taking it away and putting the new one there."""
    if _old(out).exists():
        if out.exists():
            remove(_old(out))
        else:
            _old(out).rename(out)


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


@contextlib.contextmanager
def _private() -> Iterator[None]:
    """Make files that their owner alone can read, in the whole process, for as long as the block takes."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


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
        # The system's words for it: an engine that writes a file puts more of its own before them.
        said = os.strerror(error.errno) if error.errno else type(error).__name__
        msg = f"--out {out}: cannot be written ({said}). {mend}"
        raise ResourceError(msg) from None
