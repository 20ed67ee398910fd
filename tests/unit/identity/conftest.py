"""Lists of two practices of a network, as packs whose people bear pseudonyms of the test's key."""

from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.caselists.example_lists import example_list
from tests.unit.identity.people import KEY, NUMBERS, registered
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.writing import write_packs
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.pseudonyms import pseudonyms_of

PRACTICES = ("M92001", "M92002")
PSEUDONYMS = pseudonyms_of(NUMBERS, "patient_id", KEY)
# Who is on the list of each practice, in order of rank; others left the list, or were left out of it.
LISTED = {practice: PSEUDONYMS[10 * place : 10 * place + 6] for place, practice in enumerate(PRACTICES)}
NUMBER_OF = dict(zip(PSEUDONYMS, NUMBERS, strict=True))


def list_of(practice: str) -> CaseList:
    """Return the example list, hostile texts in it, as that of a practice with people of its own."""
    example = example_list(practice_code=practice, network="Bilston")
    own = PSEUDONYMS[10 * PRACTICES.index(practice) :]
    frames = {
        field.name: frame
        for field in fields(example)
        if isinstance(frame := getattr(example, field.name), pd.DataFrame) and "patient_id" in frame
    }
    names = list(dict.fromkeys(patient for frame in frames.values() for patient in frame["patient_id"]))
    renamed = dict(zip(names, own, strict=False))
    changed = {name: frame.assign(patient_id=frame["patient_id"].map(renamed)) for name, frame in frames.items()}
    changed["table"] = changed["table"].assign(practice_code=practice)
    return replace(example, **changed)


@pytest.fixture(scope="session")
def written_packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packs of the two practices and of their network; not to be changed."""
    folder = tmp_path_factory.mktemp("packs") / "case_lists"
    write_packs([list_of(practice) for practice in PRACTICES], folder)
    return folder


@pytest.fixture
def packs(written_packs: Path, tmp_path: Path) -> Path:
    """The same, for one test to write into."""
    folder = tmp_path / "case_lists"
    folder.mkdir()
    for pack in written_packs.iterdir():
        (folder / pack.name).write_bytes(pack.read_bytes())
    return folder


@pytest.fixture(scope="session")
def links() -> LinkTable:
    """Whom all the pseudonyms stand for, ten of each practice and the rest of another."""
    theirs = {
        number: PRACTICES[place // 10] if place < 10 * len(PRACTICES) else "M92009"
        for place, number in enumerate(NUMBERS)
    }
    return LinkTable().with_people(NUMBERS, PSEUDONYMS, registered((number, code) for number, code in theirs.items()))
