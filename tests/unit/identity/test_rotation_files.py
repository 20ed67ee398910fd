import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import NUMBERS
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.identity.folders import open_pseudonymised, write_pseudonymised
from vi_risk.identity.key_places import keep_key, read_key
from vi_risk.identity.keys import new_key
from vi_risk.identity.link_table import read_links
from vi_risk.identity.pseudonymising import pseudonymised
from vi_risk.identity.rotation_files import ReviewsFile, rotate
from vi_risk.reviews import REVIEW_COLUMNS, read_reviews, write_reviews


@pytest.fixture
def site(make_records: MakeRecords, tmp_path: Path) -> Path:
    """A site with a key, a link table, records and one review, of the first person."""
    key = new_key("direct care", "RL4")
    keep_key(key, str(tmp_path / "key"))
    made = pseudonymised(make_records(patients=[{"patient_id": number} for number in NUMBERS]), key)
    write_pseudonymised(made, tmp_path / "records", tmp_path / "links", key)
    review = dict.fromkeys(REVIEW_COLUMNS, "x") | {
        "patient_id": made.links.rows["pseudonym"].to_pylist()[0],
        "decision": "accepted",
        "outcome_code": None,
        **dict.fromkeys(("reviewed_on", "review_on", "recorded_on", "index_date"), date(2025, 11, 11)),
    }
    write_reviews(pd.DataFrame([review], columns=list(REVIEW_COLUMNS), dtype=object), tmp_path / "reviews.parquet")
    return tmp_path


def rotate_all(site: Path, write: Callable[..., None] = write_reviews) -> list[str]:
    return rotate(
        str(site / "key"),
        str(site / "new"),
        links=site / "links",
        out=site / "rotated",
        records=site / "records",
        reviews=ReviewsFile("reviews.parquet", read_reviews(site / "reviews.parquet"), write),
    )


def test_all_that_the_new_key_made_stands_in_one_folder(site: Path) -> None:
    told = rotate_all(site)
    old, new = read_key(str(site / "key")), read_key(str(site / "new"))
    assert told[:4] == [
        f"{new.title} takes the place of {old.title}; it is kept in {site / 'new'}",
        f"{site / 'rotated' / 'link_table'}: 60 people",
        f"{site / 'rotated' / 'records'}: 1 tables",
        f"{site / 'rotated' / 'reviews.parquet'}: 1 review",
    ]
    assert stat.S_IMODE((site / "rotated").stat().st_mode) == 0o700
    patients = open_pseudonymised(site / "rotated" / "records", new).tables["patients"].patient_id.to_pyarrow()
    links = read_links(site / "rotated" / "link_table", new)
    assert sorted(links.numbers_of(patients.to_pylist()).values()) == sorted(NUMBERS)
    [reviewed] = read_reviews(site / "rotated" / "reviews.parquet")["patient_id"]
    [before] = read_reviews(site / "reviews.parquet")["patient_id"]
    assert reviewed in patients.to_pylist()
    assert before not in patients.to_pylist()
    assert links.numbers_of([reviewed])[reviewed] == read_links(site / "links", old).numbers_of([before])[before]


def test_a_link_table_alone_is_rotated(site: Path) -> None:
    told = rotate(str(site / "key"), str(site / "new"), links=site / "links", out=site / "rotated")
    assert [path.name for path in (site / "rotated").iterdir()] == ["link_table"]
    assert len(told) == 3


def test_a_rotation_that_fails_leaves_no_key_and_no_folder(site: Path) -> None:
    def full(*_: object) -> None:
        raise ResourceError("full")

    before = sorted(path.name for path in site.iterdir())
    with pytest.raises(ResourceError, match="full"):
        rotate_all(site, full)
    assert sorted(path.name for path in site.iterdir()) == before


def test_a_new_key_is_not_written_over_another_and_nothing_is_made(site: Path) -> None:
    keep_key(new_key("direct care", "RL4"), str(site / "new"))
    with pytest.raises(InputError, match="not written over"):
        rotate_all(site)
    assert not (site / "rotated").exists()


def test_a_folder_that_is_there_or_in_a_git_tree_is_refused(site: Path) -> None:
    (site / "rotated").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        rotate_all(site)
    (site / "rotated").rmdir()
    (site / ".git").mkdir()
    with pytest.raises(UsageError, match="lies in a git tree"):
        rotate_all(site)
