"""Who is new, who stayed and who came back, as a small table."""

from datetime import date

import pandas as pd

from vi_risk.replaying.churn import Churn, churn_by_practice, churn_of

SPRING, SUMMER, AUTUMN = date(2024, 4, 1), date(2024, 7, 1), date(2024, 9, 30)

# Who is on which list, and at which practice.
LISTED = pd.DataFrame(
    [
        (SPRING, "Ann", "A"),
        (SPRING, "Bob", "A"),
        (SPRING, "Cy", "B"),
        (SUMMER, "Ann", "A"),
        (SUMMER, "Dee", "A"),
        (SUMMER, "Cy", "B"),
        (AUTUMN, "Bob", "A"),  # was off the list in summer
        (AUTUMN, "Dee", "A"),
        (AUTUMN, "Cy", "A"),  # moved practice
    ],
    columns=["index_date", "patient_id", "practice_code"],
)


def test_people_are_new_stayed_or_returned_and_some_left() -> None:
    assert churn_of(LISTED, [SPRING, SUMMER, AUTUMN]) == [
        Churn(SUMMER, listed=3, new=1, stayed=2, returned=0, left=1),
        Churn(AUTUMN, listed=3, new=0, stayed=2, returned=1, left=1),
    ]


def test_who_moved_practice_is_new_to_the_list_of_the_other() -> None:
    assert churn_by_practice(LISTED, [SPRING, SUMMER, AUTUMN]) == {
        "A": [
            Churn(SUMMER, listed=2, new=1, stayed=1, returned=0, left=1),
            Churn(AUTUMN, listed=3, new=1, stayed=1, returned=1, left=1),
        ],
        "B": [
            Churn(SUMMER, listed=1, new=0, stayed=1, returned=0, left=0),
            Churn(AUTUMN, listed=0, new=0, stayed=0, returned=0, left=1),
        ],
    }


def test_a_date_on_which_nobody_is_listed_counts_as_a_list_without_people() -> None:
    spring_and_autumn = LISTED[LISTED["index_date"] != SUMMER]

    *_, autumn = churn_of(spring_and_autumn, [SPRING, SUMMER, AUTUMN])

    assert autumn == Churn(AUTUMN, listed=3, new=1, stayed=0, returned=2, left=0)


def test_one_list_has_nothing_to_be_compared_with() -> None:
    assert churn_of(LISTED, [SPRING]) == []
    assert churn_of(LISTED, []) == []
