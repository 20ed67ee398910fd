"""The working folder in which the guide is run: small extracts as a site has them, and a list already made of them."""

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import SMALL_MODEL, run_here
from tests.end_to_end.guide_blocks import blocks_of
from tests.end_to_end.identified_extracts import write_identified_extracts
from vi_risk.cli.reidentify import user_account
from vi_risk.records.synthetic import write_trust

PEOPLE, SEED = 1200, 3
SPAN = (date(2021, 1, 1), date(2025, 12, 31))
# The run that most pages begin with: made once, kept as out-april, and put where a page asks for it again.
FIRST_RUN = (
    *("run", "--records", "extracts", "--mapping", "mapping.toml", "--index-date", "2025-04-01"),
    *("--out", "out", "--model", "small.toml"),
)
FIRST_RUN_TOLD = "first_run.txt"
# By the name of the shipped model, and lenient: so few people calibrate badly.
LENIENT_MODEL = (
    SMALL_MODEL.replace('"small"', '"emergency_admission_12m"')
    + """
[promotion]
slope = [0.0, 20.0]
in_the_large = [-3.0, 3.0]
"""
)
RULES = "capacity = 8\n"


def write_folder(folder: Path, *, identified: bool = False) -> None:
    """Fill the working folder; `identified` extracts hold NHS numbers, and no list is made of them yet."""
    trust = folder / "trust"
    write_trust(trust, patients=PEOPLE, seed=SEED, first_day=SPAN[0], last_day=SPAN[1])
    (trust / "synthetic.json").unlink()
    _rename_practices(trust)
    (folder / "small.toml").write_text(LENIENT_MODEL)
    for name in ("caselist.toml", "ours.toml"):
        (folder / name).write_text(RULES)
    practices = json.dumps([f"M9200{number}" for number in range(1, 9)])
    (folder / "governance.toml").write_text(f"{GOVERNANCE}[reidentify]\n{json.dumps(user_account())} = {practices}\n")
    for name in ("cache", "logs", "spill"):  # their owner's alone
        (folder / name).mkdir(mode=0o700)
    if identified:
        write_identified_extracts(trust, folder / "extracts")
        return
    write_identified_extracts(trust, folder / "identified")
    _write_extracts(trust, folder / "extracts")
    (folder / "mapping.toml").write_text(_mapping_of_the_guide())
    (folder / FIRST_RUN_TOLD).write_text(_done(*FIRST_RUN))
    _done("promote", "--out", "out")
    shutil.copytree(folder / "out", folder / "out-april")
    for workbook in sorted((folder / "out" / "case_lists").glob("M*.xlsx")):
        _decide(workbook)
        shutil.copy(workbook, folder)
    meeting = ("--reviewed-on", "2025-04-03", "--by", "the tests")
    _done("reviews", "import", "M92001.xlsx", "--reviews", "reviews.parquet", *meeting)


def _done(*arguments: str) -> str:
    ended = run_here(*arguments)
    if ended.exit_code != 0:
        message = f"{' '.join(arguments)} ended with {ended.exit_code}:\n{ended.stderr}"
        raise AssertionError(message)
    return ended.stdout


def _mapping_of_the_guide() -> str:
    """The mapping that the guide itself tells a site to write."""
    return next(block.text for block in blocks_of("docs/how-to/own-extract.md") if block.written_to == "mapping.toml")


def _rename_practices(trust: Path) -> None:
    """Give the practices codes as those of the guide are formed."""
    for file in trust.glob("*.parquet"):
        rows = pd.read_parquet(file)
        if "practice_code" in rows:
            rows["practice_code"] = rows["practice_code"].str.replace("Z0000", "M9200")
            rows.to_parquet(file, index=False)


def _write_extracts(trust: Path, folder: Path) -> None:
    """Write what the examples of the guide read, under the names of a data warehouse."""
    folder.mkdir()

    def table(name: str, columns: Mapping[str, str]) -> pd.DataFrame:
        return pd.read_parquet(trust / f"{name}.parquet")[list(columns)].rename(columns=dict(columns))

    people = table(
        "patients", {"patient_id": "LOCAL_ID", "birth_month": "DOB", "sex": "SEX_CODE", "died_on": "DATE_OF_DEATH"}
    )
    people["DOB"] = pd.to_datetime(people["DOB"]).dt.strftime("%d/%m/%Y")
    people["SEX_CODE"] = people["SEX_CODE"].map({"1": "M", "2": "F"}).fillna("U")
    people.to_csv(folder / "PMI.csv", index=False)
    table("practices", {"practice_code": "CODE", "name": "NAME", "network": "PCN", "integrated_from": "JOINED"}).to_csv(
        folder / "PRACTICES.csv", index=False
    )
    table(
        "registrations",
        {
            "patient_id": "LOCAL_ID",
            "practice_code": "GP_CODE",
            "registered_from": "FROM_DATE",
            "registered_to": "TO_DATE",
        },
    ).to_csv(folder / "LIST.csv", index=False)
    spells = table(
        "spells",
        {
            "spell_id": "SPELL_NO",
            "patient_id": "LOCAL_ID",
            "admitted_on": "ADMIDATE",
            "discharged_on": "DISDATE",
            "admission_method": "ADMIMETH",
            "recorded_on": "LOAD_DATE",
        },
    ).assign(SPELL_STATUS="COMPLETED")
    codes = pd.read_parquet(trust / "diagnoses.parquet").pivot_table(
        index="spell_id", columns="position", values="code", aggfunc="first"
    )
    for number in range(1, 5):
        spells[f"DIAG_{number:02d}"] = spells["SPELL_NO"].map(codes[number]) if number in codes else None
    early = pd.to_datetime(spells["ADMIDATE"]) < pd.Timestamp("2023-04-01")
    spells[early].to_csv(folder / "APC_2122.csv", index=False)
    spells[~early].to_csv(folder / "APC_2223.csv", index=False)
    appointments = table(
        "outpatient_appointments",
        {
            "appointment_id": "APPT_NO",
            "patient_id": "LOCAL_ID",
            "appointment_on": "APPT_DATE",
            "specialty": "LOCAL_SPECIALTY",
        },
    )
    appointments.to_csv(folder / "OP.csv", index=False)
    specialties = appointments[["LOCAL_SPECIALTY"]].drop_duplicates()
    specialties.assign(NATIONAL_CODE=specialties["LOCAL_SPECIALTY"]).to_csv(folder / "SPECIALTIES.csv", index=False)


def _decide(workbook: Path) -> None:
    """Take on the first person of a workbook, as a team would."""
    book = openpyxl.load_workbook(workbook)
    sheet = book["Case list"]
    places = {str(cell.value): cell.column for cell in sheet[1] if cell.value is not None}
    sheet.cell(2, places["Decision"], "accept")
    book.save(workbook)
