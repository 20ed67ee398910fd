"""A synthetic trust in memory, through the door: records of nobody, to try things on."""

from datetime import date

from vi_risk.governance.door import admitted, permission_of
from vi_risk.records.linked import Records
from vi_risk.records.synthetic.trust import make_trust
from vi_risk.records.synthetic.world import FIRST_DAY, LAST_DAY


def synthetic_records(
    *, patients: int = 2000, seed: int = 1, first_day: date = FIRST_DAY, last_day: date = LAST_DAY
) -> Records:
    """Return the linked records of a synthetic vertically integrated trust, which need no governance file.

    They are those that `vi-risk synth` writes, drawn without a real person; nothing learnt from them is true of anyone.

    Parameters
    ----------
    patients
        Number of people who live in the place at some time between the two days; from 1.
    seed
        The same seed, days and number of people give the same records.
    first_day, last_day
        The records begin and end with these days, up to seven years from June 2016 on.

    Returns
    -------
    Records
        Every canonical table, as of the last day.

    Raises
    ------
    UsageError
        Fewer than one patient, or days that leave no month between them or lie too far apart.

    Examples
    --------
    >>> import vi_risk
    >>> records = vi_risk.synthetic_records(patients=60)
    >>> len(records.frame("patients")), records.has("prescriptions")
    (60, True)
    """
    tables = make_trust(patients=patients, seed=seed, first_day=first_day, last_day=last_day)
    permission = permission_of(None)
    return admitted(Records.from_frames(tables, permission=permission), permission)
