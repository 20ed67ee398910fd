import pytest

from tests.unit.caselists.conftest import MakeList
from vi_risk.errors import UsageError


def test_facts_are_what_stands_between_sex_and_the_decision(make_list: MakeList) -> None:
    assert make_list({}, facts=("bed_days_12m", "medicines")).fact_columns == ("bed_days_12m", "medicines")
    assert make_list({}).fact_columns == ()


def test_a_practice_without_a_name_goes_by_its_code(make_list: MakeList) -> None:
    assert make_list(practice_name=None).title == "M92001"


@pytest.mark.parametrize("column", ["reason_3", "sex", "decision", "outcome_code"])
def test_a_table_without_a_column_of_the_contract_is_refused(make_list: MakeList, column: str) -> None:
    table = make_list({}).table.drop(columns=column)
    with pytest.raises(UsageError, match="case list of practice M92001: expected the columns rank, patient_id"):
        make_list(table=table)


def test_columns_in_another_order_are_refused(make_list: MakeList) -> None:
    table = make_list({}).table
    with pytest.raises(UsageError, match="expected the columns"):
        make_list(table=table[table.columns[::-1]])


def test_a_risk_that_is_missing_or_no_probability_is_refused_without_its_value(make_list: MakeList) -> None:
    table = make_list({}, {}, {}).table.assign(risk=[0.2, None, 7.25])
    with pytest.raises(UsageError, match="risk: 2 of 3 rows are missing or outside 0 to 1") as caught:
        make_list(table=table)
    assert "7.25" not in str(caught.value)
