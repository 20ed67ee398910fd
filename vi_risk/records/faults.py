"""Many faults told at once: as many as a person reads, and how many more there are."""

from collections.abc import Iterable

_MOST = 20


def told_at_once(faults: Iterable[str]) -> str:
    """Return faults as the lines of one message, each once; of more than twenty the first, and how many follow.

    Parameters
    ----------
    faults
        Each in one line or more.

    Examples
    --------
    >>> print(told_at_once(["a: is missing. Add it.", "a: is missing. Add it."]))
    a: is missing. Add it.
    >>> print(told_at_once(f"column {n}: is missing." for n in range(300)).splitlines()[-1])
    And 280 more. Mend these first: others may go with them.
    """
    lines = list(dict.fromkeys(line for fault in faults for line in fault.splitlines()))
    if len(lines) <= _MOST:
        return "\n".join(lines)
    return "\n".join([*lines[:_MOST], f"And {len(lines) - _MOST:,} more. Mend these first: others may go with them."])
