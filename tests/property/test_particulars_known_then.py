"""Whatever is dated, recorded or decided on or after the date of a list, its particulars do not tell."""

from datetime import date, timedelta
from random import Random

import pandas as pd
import pytest

from tests.property.strategies import INDEX_DATES, Record, frames, throw_record
from tests.property.test_known_then import another_future
from vi_risk.cohort.particulars import Particulars, particulars_of
from vi_risk.records.linked import Records

TABLES = ("contacts", "reviews", "departures", "objectors")


def particulars(record: Record, day: date) -> Particulars:
    people = [(row["patient_id"], day - timedelta(days=500)) for row in record["patients"]]
    cohort = pd.DataFrame(people, columns=["patient_id", "gp_seen_from"], dtype=object)
    return particulars_of(Records.from_frames(frames(record)), cohort, day)


@pytest.mark.parametrize("index_date", INDEX_DATES)
def test_the_particulars_of_a_list_cannot_tell_one_future_from_another(index_date: date) -> None:
    dice = Random(index_date.toordinal())
    record = throw_record(dice, index_date, people=60)
    other = another_future(dice, record, index_date)

    one, two = particulars(record, index_date), particulars(other, index_date)

    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table), check_exact=True)
        assert len(getattr(one, table)), "a property of empty tables would hold of anything"


@pytest.mark.parametrize("table", TABLES)
def test_once_the_futures_have_come_the_particulars_differ(table: str) -> None:
    dice, index_date = Random(5), INDEX_DATES[1]
    record = throw_record(dice, index_date, people=60)
    later = index_date + timedelta(days=60)

    one, two = particulars(record, later), particulars(another_future(dice, record, index_date), later)

    assert not getattr(one, table).equals(getattr(two, table))


def test_records_that_were_cut_to_what_was_known_give_the_same() -> None:
    index_date = INDEX_DATES[0]
    tables = frames(throw_record(Random(6), index_date, people=40))
    cohort = pd.DataFrame({"patient_id": tables["patients"]["patient_id"], "gp_seen_from": index_date}, dtype=object)
    records = Records.from_frames(tables)

    whole, known = (particulars_of(of, cohort, index_date) for of in (records, records.as_of(index_date)))

    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(whole, table), getattr(known, table), check_exact=True)
