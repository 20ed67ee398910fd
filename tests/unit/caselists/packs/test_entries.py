from datetime import date

import pandas as pd
import pytest

from vi_risk.caselists.packs.entries import entry

LIST_DATE = date(2025, 11, 1)


@pytest.mark.parametrize(
    ("value", "text", "day", "sort_value"),
    [
        ("yesterday", "yesterday", "31 October 2025", 1),
        ("9 days ago", "9 days ago", "23 October 2025", 9),
        ("5 weeks ago", "5 weeks ago", "", 35),  # the day is not known
        ("none in 2 years", "none in 2 years", "", ""),
        (date(2025, 9, 27), "5 weeks ago", "27 September 2025", 35),
        (pd.Timestamp(2025, 10, 23), "9 days ago", "23 October 2025", 9),
        (None, "not seen", "", ""),
        (pd.NaT, "not seen", "", ""),
    ],
)
def test_how_long_ago_goes_with_the_date_where_it_is_known(
    value: object, text: str, day: str, sort_value: object
) -> None:
    told = entry("last_discharge", value, LIST_DATE)
    assert (told.text, told.day, told.sort_value) == (text, day, sort_value)


@pytest.mark.parametrize(
    ("value", "text", "sort_value"),
    [
        (3, "3", None),  # a browser sorts by the number that it shows
        (8.0, "8", None),
        (1200, "1,200", 1200),
        (14.25, "14.2", 14.25),
        ("2 (hospital)", "2 (hospital)", 2),
        (None, "not seen", ""),
        ("district nursing", "district nursing", None),
    ],
)
def test_a_number_sorts_as_a_number_however_it_is_written(value: object, text: str, sort_value: object) -> None:
    told = entry("medicines_90d", value, LIST_DATE)
    assert (told.text, told.sort_value) == (text, sort_value)


def test_a_day_is_told_only_where_one_alone_fits_the_words() -> None:
    june = [date(2025, 6, 1), date(2025, 6, 5)]  # both are five months ago
    assert entry("last_discharge", "5 months ago", LIST_DATE, days=june).day == ""
    assert entry("last_discharge", "5 months ago", LIST_DATE, days=[june[0], date(2025, 1, 1)]).day == "1 June 2025"
    assert entry("last_discharge", "none in 2 years", LIST_DATE, days=june).day == ""
