"""What the patients of a snapshot are told apart by when it is asked for whom a model works."""

import numpy as np
import pandas as pd

_ETHNIC_GROUPS = {
    "ethnic_white": "White",
    "ethnic_mixed": "Mixed",
    "ethnic_asian": "Asian or Asian British",
    "ethnic_black": "Black or Black British",
    "ethnic_other": "Chinese or any other",
}
TOLD_BY = ("imd_decile", *_ETHNIC_GROUPS)  # the features that attributes are told from
_FIFTHS = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")
# years for which a practice's record is seen, from so many up -> label; they sort in this order
_LENGTHS = {0: "0 to 1 year", 1: "1 to 3 years", 3: "3 to 5 years", 5: "5 years or more"}
_DAYS_IN_A_YEAR = 365.25


def attributes_of(cohort: pd.DataFrame, features: pd.DataFrame) -> dict[str, "pd.Series[str]"]:
    """Return attribute -> label of each row, those that the records tell; a label that is not known is missing.

    Ethnic group and deprivation are told from features whether or not the model may use them. Whether the practice is
    integrated, and for how long its record is seen, is left out where it is the same for everyone.
    """
    found = {"sex": cohort["sex"], "age band": cohort["age_band"]}
    if "imd_decile" in features and features["imd_decile"].notna().any():
        found["deprivation fifth"] = deprivation_fifth(features["imd_decile"])
    if present := [name for name in _ETHNIC_GROUPS if name in features and features[name].notna().any()]:
        found["ethnic group"] = ethnic_group(features[present])
    if _differs(cohort["practice_code"]):
        found["practice"] = cohort["practice_code"]
    found["GP record"] = pd.Series(gp_record_seen(cohort), index=cohort.index)
    of_the_practice = {
        "integrated practice": integrated_practice(cohort),
        "length of GP record": length_of_record(cohort),
    }
    return found | {name: labels for name, labels in of_the_practice.items() if _differs(labels)}


def deprivation_fifth(decile: "pd.Series[float]") -> "pd.Series[str]":
    """Return the fifth of a decile of deprivation; deciles 1 and 2 are the most deprived fifth."""
    return decile.map({number: _FIFTHS[(number - 1) // 2] for number in range(1, 11)})


def ethnic_group(flags: pd.DataFrame) -> "pd.Series[str]":
    """Return the group whose flag is 1; missing where none is."""
    group = pd.Series(pd.NA, index=flags.index, dtype="str")
    for name in flags.columns:
        group[flags[name] == 1] = _ETHNIC_GROUPS[str(name)]
    return group


def gp_record_seen(cohort: pd.DataFrame) -> list[str]:
    """Say of each row of a cohort how much of the year before its index date the GP record shows."""
    return [
        "seen all year" if seen >= 365 else "seen in part" if seen > 0 else "not seen" for seen in _days_seen(cohort)
    ]


def integrated_practice(cohort: pd.DataFrame) -> "pd.Series[str]":
    """Say of each row of a cohort whether its practice was part of the trust at the index date."""
    labels = np.where(_days_seen(cohort) > 0, "practice of the trust", "another practice")
    return pd.Series(labels, index=cohort.index, dtype="str")


def length_of_record(cohort: pd.DataFrame) -> "pd.Series[str]":
    """Say of each row of a cohort for how many years before its index date the GP record is seen.

    Counted from the day on which the person was with a practice of the trust without a break since; how far back such a
    practice's tables themselves reach is the same for everyone and is not looked at.
    """
    years = _days_seen(cohort) / _DAYS_IN_A_YEAR
    band = np.searchsorted(list(_LENGTHS), years, side="right") - 1
    labels = np.where(years > 0, np.array(list(_LENGTHS.values()))[band], "not seen")
    return pd.Series(labels, index=cohort.index, dtype="str")


def _days_seen(cohort: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the days before the index date on which the practice's tables are seen, 0 where they are not."""
    days = [
        0 if pd.isna(seen_from) else max(0, (index_date - seen_from).days)
        for index_date, seen_from in zip(cohort["index_date"], cohort["gp_seen_from"], strict=True)
    ]
    return np.array(days, dtype=np.int64)


def _differs(labels: "pd.Series[str]") -> bool:
    return bool((labels != labels.iloc[0]).any())
