"""The libraries of the extra `causal`, loaded when an effect is asked for."""

from types import ModuleType
from warnings import catch_warnings, simplefilter

from vi_risk.errors import UsageError


def diff_diff() -> ModuleType:
    """Return diff-diff: differences in differences, and discontinuities.

    Raises
    ------
    UsageError
        The extra is not installed.
    """
    try:
        import diff_diff as library  # noqa: PLC0415 - of an extra
    except ImportError:
        raise _absent("diff-diff") from None
    found: ModuleType = library
    return found


def pysyncon() -> ModuleType:
    """Return pysyncon: synthetic control.

    Raises
    ------
    UsageError
        The extra is not installed.
    """
    try:
        with catch_warnings():
            for kind in (SyntaxWarning, DeprecationWarning):  # before Python 3.12 the other: an escape in a docstring
                simplefilter("ignore", kind)  # which is told when it is first compiled
            import pysyncon as library  # noqa: PLC0415 - of an extra
    except ImportError:
        raise _absent("pysyncon") from None
    found: ModuleType = library
    return found


def refuse_absent() -> None:
    """Refuse to begin where the extra is not installed."""
    diff_diff()
    pysyncon()


def _absent(name: str) -> UsageError:
    msg = f"{name}: is not installed, and an effect is told with it. Install the extra: pip install 'vi-risk[causal]'"
    return UsageError(msg)
