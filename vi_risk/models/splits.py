"""Who is held out at the test date, beside everything that comes after training: practices, networks or patients.

By time alone, the test asks whether a model goes on working at the same practices. Where whole practices or networks
are held out too (internal-external validation), it asks whether the model works where nobody has trained it.

References
----------
Steyerberg EW, Harrell FE. Prediction models need appropriate internal, internal-external, and external validation.
Journal of Clinical Epidemiology, 2016. doi:10.1016/j.jclinepi.2015.04.005
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import Rows

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

By = Literal["practice", "network", "patient"]

# The network of a practice that names none.
_NO_NETWORK = "no network"


def refuse_leaks(snapshots: "Snapshots", *, horizon_days: int) -> None:
    """Return if no training row could know what the test asks, and every outcome window of both was over.

    A patient may be in both: then every training window of theirs closes before their test window opens.

    Raises
    ------
    InputError
        A window was not over, or a training window of a patient reaches into the same patient's test window.
    """
    parts = {role: snapshots.people(role) for role in ("train", "test")}
    for role, cohort in parts.items():
        if not_over := int(cohort["outcome"].isna().sum()):
            msg = (
                f"{role} snapshot: {not_over:,} of {len(cohort):,} rows have no outcome: their window of {horizon_days}"
                " days was not over when the records end. Choose an earlier date for them."
            )
            raise InputError(msg)
    days = {role: pd.to_datetime(cohort["index_date"]).groupby(cohort["patient_id"]) for role, cohort in parts.items()}
    last, first = days["train"].max(), days["test"].min()
    both = pd.DataFrame({"trained": last, "tested": first}).dropna()
    if inside := int((both["trained"] + pd.Timedelta(days=horizon_days) > both["tested"]).sum()):
        msg = (
            f"split: {inside:,} patients have a training window of {horizon_days} days that reaches into their test"
            " window: the model would have seen what the test asks. Move the training dates back by one horizon."
        )
        raise InputError(msg)


def units(cohort: pd.DataFrame, by: By, practices: Mapping[str, Mapping[str, str | None]]) -> "pd.Series[str]":
    """Return of each row what is held out together with it: the practice, its network, or the patient alone."""
    if by == "patient":
        return cohort["patient_id"].astype(str)
    codes = cohort["practice_code"].astype(str)
    if by == "practice":
        return codes
    return codes.map(lambda code: practices.get(code, {}).get("network") or _NO_NETWORK)


def held_out(snapshots: "Snapshots", by: By, *, folds: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield (training rows, test rows) so that every test row is in one pair, and its like are not in training.

    The units of the test rows are dealt to at most `folds` parts of about equal size. From training go, for each part,
    the rows of its units and those of its patients, wherever they were registered then.

    Raises
    ------
    InputError
        There is one unit only, so that nothing would be left to train on.
    """
    training, cohort = snapshots.people("train"), snapshots.people("test")
    of_test = units(cohort, by, snapshots.practices)
    number = of_test.nunique()
    if number < 2:
        msg = (
            f"split.by = {by}: all test patients are of one {by}, so that nobody would be left to train on."
            ' Split by "time" or "patient".'
        )
        raise InputError(msg)
    of_training = units(training, by, snapshots.practices)
    for _, tested in GroupKFold(min(folds, number)).split(cohort, groups=of_test):
        own = of_training.isin(set(of_test.iloc[tested])) | training["patient_id"].isin(
            set(cohort["patient_id"].iloc[tested])
        )
        yield np.flatnonzero(~own.to_numpy()), np.asarray(tested, dtype=np.intp)
