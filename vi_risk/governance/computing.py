"""Features through the door and nothing else: for people and dates of one's own choice, without a model."""

import warnings
from typing import TYPE_CHECKING

from vi_risk.cohort.people import gp_seen_at
from vi_risk.errors import InputError
from vi_risk.features import engine
from vi_risk.features.asking import KEYS, people_asked, refuse_strangers
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.coverage import common_coverage, unmatched_codes
from vi_risk.governance.door import without_objectors
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd


def compute_features(records: Records, people: "pd.DataFrame", *, catalogue: Catalogue | None = None) -> "pd.DataFrame":
    """Return every declared feature of people of one's own choice, each at a date of one's own choice.

    Nothing dated or recorded on or after a row's index date is used for it, and what the row's practice had not shared
    by then is missing. Of whoever had objected by the latest of the dates nothing is computed: these people have no row
    in the answer. For the cohorts, outcomes and dates of a model spec, see `vi_risk.build_features`.

    Parameters
    ----------
    records
        From `vi_risk.read_records`, or brought through `vi_risk.permitted`.
    people
        One row per patient_id (text) and index_date (`datetime.date`); other columns are passed over. Whoever is asked
        about is answered, whether or not alive, registered or of age.
    catalogue
        The declared features to compute; None for those that are shipped.

    Returns
    -------
    DataFrame
        One row per patient_id, index_date, sorted by them, and one float column per feature in declared order, in the
        unit that the feature catalogue gives; NaN where the records cannot tell, which is not zero.

    Raises
    ------
    GovernanceError
        The records have not come through the door.
    InputError
        A column is missing or of another type, a row stands there twice, or somebody is not in these records.
    SpecificationError
        A shipped declaration has been changed and has a fault.

    Warns
    -----
    UserWarning
        The records reach back less far than a feature is to look at the earliest of the dates, so that it looks back
        less far at all of them; or not one code in use is in any code list.

    Examples
    --------
    >>> from datetime import date
    >>> import vi_risk
    >>> records = vi_risk.synthetic_records(patients=60)
    >>> people = records.frame("patients").assign(index_date=date(2024, 7, 1))
    >>> catalogue = vi_risk.read_catalogue().only("age", "emergency_admissions")
    >>> found = vi_risk.compute_features(records, people, catalogue=catalogue)
    >>> found["emergency_admissions_365d"].isna().any(), len(found) <= len(people)
    (np.False_, True)
    """
    declared = read_catalogue() if catalogue is None else catalogue
    asked = _asked(people)
    if asked.empty:
        return engine.compute_features(records, asked.assign(gp_seen_from=None), declared)
    refuse_strangers(people_asked(asked.assign(gp_seen_from=None)), records.tables["patients"])
    latest = asked["index_date"].max()
    permitted = without_objectors(records, latest)
    known = permitted.as_of(latest)
    there = known.tables["patients"].select("patient_id").to_pyarrow()["patient_id"].to_pylist()
    asked = gp_seen_at(known, asked[asked["patient_id"].isin(there)].reset_index(drop=True))
    coverage = common_coverage(known, declared, asked["index_date"].unique().tolist())
    for note in (*unmatched_codes(known, declared), *coverage.notes):
        warnings.warn(note, stacklevel=2)
    return engine.compute_features(known, asked, declared, windows=coverage.windows)


def _asked(people: "pd.DataFrame") -> "pd.DataFrame":
    """Return the keys alone.

    Raises
    ------
    InputError
        One is missing.
    """
    if lacking := [key for key in KEYS if key not in people]:
        msg = (
            f"people: expected the columns patient_id and index_date, found no {' and no '.join(lacking)}. Add them: a"
            " row for each person and date to be asked about."
        )
        raise InputError(msg)
    return people[KEYS].reset_index(drop=True)
