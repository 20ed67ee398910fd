import pytest

from vi_risk.cli.flags import numbers_of
from vi_risk.errors import UsageError

NAMES = ("missing", "duplicates")


def test_numbers_are_read_by_name() -> None:
    assert numbers_of("--flaw", ["missing=0.1", "duplicates=.02"], NAMES) == {"missing": 0.1, "duplicates": 0.02}
    assert numbers_of("--flaw", None, NAMES) == {}


WRONG = (["mising=0.1"], ["missing"], ["missing=a tenth"], ["missing=nan"], ["missing=1"] * 2)


@pytest.mark.parametrize("given", WRONG)
def test_what_is_no_number_of_a_known_name_once_is_refused_with_the_names(given: list[str]) -> None:
    with pytest.raises(UsageError, match="of missing, duplicates"):
        numbers_of("--flaw", given, NAMES)
