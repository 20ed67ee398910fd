"""Each kind of file that a site may write, a sound one of it, and what vi_risk does with it when it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd

from tests.fuzz import damage
from vi_risk.caselists.choosing.rules import SHIPPED_RULES, load_rules
from vi_risk.declared import shipped
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.governance import read_governance
from vi_risk.models.spec import load_spec
from vi_risk.reasons.prompts import read_prompts
from vi_risk.records.linked import Records
from vi_risk.records.mapping import load_mapping
from vi_risk.records.permission import NOBODYS
from vi_risk.records.reading import read_records

ROOT = Path(__file__).resolve().parents[2]
ZEBRA = "zebra4127"  # stands in every cell of the records that may hold any text: no message may show it

_FEATURES = """\
domain = "acute use"

[sets]
ours = ["100", "300"]

[our_stays]
title = "Emergency stays, by our own count"
table = "admissions"
measure = "count"
where = { admission_method = "@emergency", treatment_function = "@ours" }
windows = [90, 365]
unit = "stays"
direction = "up"
reason = "{n} emergency stay{s} by our own count in the last {window}"

[our_condition]
title = "A condition of ours"
table = "diagnoses"
measure = "group_flags"
codes = "ours"
groups = ["sickle"]
windows = [365]
reason = "{group} recorded in the last {window}"

[our_time_since]
title = "Days since a stay"
table = "admissions"
measure = "days_since_last"
windows = [730]
unit = "days"
reason = "last stay {ago}"
"""
_CODES = """\
system,code,group,title,points,replaced_by,sensitive
icd10,B20,hiv,HIV,1,,hiv
icd10,D57,sickle,sickle cell disease,1.5,,
icd10,D571,sickle_severe,"sickle cell, severe",2,sickle,
snomed,38341003,high_blood_pressure,high blood pressure,1,,
"""
_MAPPING = """\
name = "site"
[files]
delimiter = ","
null = ["NULL"]
[sources]
people = "SELECT *, row_number() OVER (PARTITION BY id ORDER BY born) AS nth FROM pmi"
stays = ["apc_*"]
coded = { of = "stays", wide = { code = "DIAG_%02d" }, numbers = [1, 3] }
[tables.patients]
source = "people"
where = "nth = 1 AND born IS NOT NULL"
[tables.patients.columns]
patient_id = "id"
birth_month = "born"
sex = "sex"
lsoa = "upper(area)"
[tables.patients.values.sex]
M = "1"
F = "2"
"*" = "9"
[tables.patients.formats]
birth_month = ["%d/%m/%Y", "%Y-%m-%d"]
[tables.spells]
source = "stays"
[tables.spells.columns]
spell_id = "spell"
patient_id = "id"
admitted_on = "admitted"
discharged_on = "nullif(left_on, '')"
admission_method = "method"
[tables.diagnoses]
source = "coded"
optional = true
[tables.diagnoses.columns]
spell_id = "spell"
position = "position"
code = "replace(code, '.', '')"
"""


@dataclass(frozen=True)
class Kind:
    """A kind of file: a sound one, its whole way into the product, and how it may be damaged.

    `few` and `many` are the numbers of cases of a short test and of a long one; `also_named` are words that tell the
    place of a fault where it is not the file itself.
    """

    file: str
    sound: Callable[[], str]
    use: Callable[[Path], object]
    changes: Sequence[damage.Change] = damage.TOML
    few: int = 80
    many: int = 600
    also_named: tuple[str, ...] = ()


@cache
def catalogue() -> Catalogue:
    return read_catalogue()


@cache
def records() -> Records:
    frames = {
        "patients": pd.DataFrame(
            {"patient_id": [ZEBRA, "p2"], "birth_month": [date(1950, 6, 1)] * 2, "sex": ["1", "2"], "lsoa": [ZEBRA] * 2}
        ),
        "spells": pd.DataFrame(
            {
                "spell_id": [ZEBRA, "s2"], "patient_id": [ZEBRA, "p2"], "admitted_on": [date(2024, 1, 2)] * 2,
                "discharged_on": [date(2024, 1, 5)] * 2, "admission_method": ["21", ZEBRA],
            }
        ),
        "diagnoses": pd.DataFrame({"spell_id": [ZEBRA, "s2"], "position": [1, 1], "code": ["D57", ZEBRA]}),
    }  # fmt: skip
    return Records.from_frames(frames, permission=NOBODYS)


def write_records(folder: Path) -> Path:
    """Write the records that a mapping is tried on."""
    folder.mkdir()
    (folder / "pmi.csv").write_text(f"id,born,sex,area\n{ZEBRA},01/06/1950,M,{ZEBRA}\np2,1961-01-01,{ZEBRA},\n")
    heading = "spell,id,admitted,left_on,method,DIAG_01,DIAG_02\n"
    (folder / "apc_1.csv").write_text(f"{heading}{ZEBRA},{ZEBRA},2024-01-02,2024-01-05,21,D57.1,{ZEBRA}\n")
    (folder / "apc_2.csv").write_text(f"{heading}s2,p2,2024-02-02,,{ZEBRA},,\n")
    return folder


def _use_mapping(file: Path) -> object:
    mapping = load_mapping(file)
    place = file.parent / "records"
    if not place.is_dir():
        write_records(place)
    return read_records(place, mapping=mapping)


def _use_features(file: Path) -> object:
    lists = file.parent / "codelists"
    lists.mkdir(exist_ok=True)
    if not (lists / "ours.csv").is_file():
        (lists / "ours.csv").write_text(_CODES)
    found = read_catalogue(file.parent)
    own = tuple(one for one in found.definitions if one.name.startswith("our_"))
    asked = Catalogue(own, found.codelists)
    people = pd.DataFrame({"patient_id": [ZEBRA, "p2"], "index_date": date(2024, 6, 1), "gp_seen_from": pd.NaT})
    return compute_features(records(), people, asked) if own else found


def _use_codes(file: Path) -> object:
    folder = file.parent.parent
    if not (folder / "own.toml").is_file():
        (folder / "own.toml").write_text(_FEATURES)
    return _use_features(folder / "own.toml")


KINDS = {
    "model spec": Kind(
        "model.toml", lambda: (shipped("models") / "emergency_admission_12m.toml").read_text("utf-8"), load_spec
    ),
    "features": Kind("own.toml", lambda: _FEATURES, _use_features, few=25, many=250),
    "code list": Kind("codelists/ours.csv", lambda: _CODES, _use_codes, damage.CSV, few=25, many=250),
    # Past the file itself, faults are told by the table, the source or the records folder, which the mapping names.
    "mapping": Kind(
        "mapping.toml",
        lambda: _MAPPING,
        _use_mapping,
        few=60,
        many=400,
        also_named=("mapping: ", "records: ", "patients", "spells", "diagnoses", "pmi", "apc_1", "apc_2"),
    ),
    "case-list rules": Kind("rules.toml", lambda: SHIPPED_RULES.read_text("utf-8"), load_rules),
    "prompts": Kind(
        "prompts.toml",
        lambda: (shipped("features") / "prompts.toml").read_text("utf-8"),
        lambda file: read_prompts(file, catalogue=catalogue()),
        few=40,
    ),
    "governance": Kind(
        "governance.toml",
        lambda: (ROOT / "docs" / "examples" / "governance" / "section_251.toml").read_text("utf-8"),
        read_governance,
    ),
}
