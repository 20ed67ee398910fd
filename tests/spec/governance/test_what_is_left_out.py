"""Which rows the door leaves out for a sensitive code, and what a governance file that permits a kind changes."""

from datetime import date

import pytest

from tests.conftest import MakeRecords
from vi_risk.governance.sensitive import refused_kinds, sensitive_codes, without_sensitive

DAY = date(2024, 5, 1)
CODES = sensitive_codes()


# code, the kind that it is sensitive as; None: a near neighbour that stays
DIAGNOSES = [
    ("B20.1", "hiv"),
    ("Z21X", "hiv"),
    ("F02.4", "hiv"),  # dementia in HIV disease
    ("O98.7", "hiv"),
    ("R75X", "hiv"),
    ("Z20.6", "hiv"),  # contact
    ("B25.9", None),  # cytomegalovirus
    ("F02.3", None),  # dementia in Parkinson's disease
    ("O98.8", None),
    ("Z20.5", None),  # contact with viral hepatitis
    ("D84.9", None),  # immune deficiency
    ("a56.0", "sexual_health"),
    ("A50.9", "sexual_health"),
    ("A52.1", "sexual_health"),
    ("A59.0", "sexual_health"),
    ("A64X", "sexual_health"),
    ("N74.3", "sexual_health"),  # gonorrhoea of the pelvis
    ("A49.9", None),  # bacterial infection
    ("A66.0", None),  # yaws
    ("A70X", None),  # psittacosis
    ("B00.9", None),  # herpes elsewhere
    ("B18.2", None),  # hepatitis C
    ("N73.9", None),  # pelvic inflammation
    ("N34.1", None),  # urethritis of no named cause
    ("O04.9", "termination"),
    ("O05.9", "termination"),
    ("O06.4", "termination"),  # abortion, unspecified: the code does not tell
    ("O07.4", "termination"),
    ("O08.1", "termination"),  # complications, of an ectopic pregnancy as well: the code does not tell
    ("Z64.0", "termination"),
    ("O00.1", None),  # ectopic pregnancy
    ("O02.1", None),  # missed abortion
    ("O03.9", None),  # miscarriage
    ("O20.0", None),  # threatened abortion
    ("N96X", None),  # repeated miscarriage
    ("Z33X", None),  # pregnant
    ("Z64.1", None),
    ("N46X", "fertility"),
    ("N97.9", "fertility"),
    ("N98.1", "fertility"),
    ("Z31.2", "fertility"),
    ("Z35.0", "fertility"),  # pregnant after infertility
    ("N95.0", None),  # bleeding after the menopause
    ("E28.2", None),  # polycystic ovaries
    ("Z30.2", None),  # sterilisation
    ("Z31.5", None),  # genetic counselling
    ("Z32.1", None),  # pregnancy confirmed
    ("Z35.4", None),
    ("F640", "gender_reassignment"),
    ("F64.9", "gender_reassignment"),
    ("F63.0", None),  # pathological gambling
    ("F65.1", None),
    ("Z87.8", None),  # history of other conditions: one among many
    ("Z65.0", "custody"),  # convicted
    ("Z65.1", "custody"),
    ("Z65.2", "custody"),
    ("Z65.3", "custody"),
    ("Z59.0", None),  # homeless
    ("Z65.4", None),  # victim of crime
    ("Z65.8", None),
]
PROCEDURES = [
    ("Q14.1", "termination"),
    ("Q11.1", "termination"),  # of a miscarriage as well: the code does not tell
    ("Q10.1", "termination"),
    ("R03.1", "termination"),
    ("Q10.3", None),  # curettage of a womb that is not pregnant
    ("Q12.1", None),  # a coil
    ("Q18.1", None),  # hysteroscopy
    ("R01.1", None),
    ("Q13.1", "fertility"),
    ("Q21.1", "fertility"),
    ("Q38.3", "fertility"),
    ("Q48.1", "fertility"),
    ("Y96.1", "fertility"),
    ("Q38.1", None),
    ("Q39.9", None),
    ("Q07.4", None),  # hysterectomy
    ("Y95.1", None),  # gestational age
    ("X15.1", "gender_reassignment"),
    ("X14.1", None),  # clearance of the pelvis
    ("M61.1", None),  # prostatectomy
]
GP_EVENTS = [
    ("snomed", "86406008", "hiv"),
    ("snomed", "713300006", "hiv"),
    ("snomed", "998701000000106", "hiv"),  # viral load: its value goes with the row
    ("snomed", "44054006", None),  # diabetes
    ("snomed", "66071002", None),  # hepatitis B
    ("icd10", "B24", "hiv"),
    ("read2", "A788.00", "hiv"),
    ("read2", "A788000", "hiv"),  # below it
    ("read2", "A7880", "hiv"),
    ("read2", "A78A.00", None),  # chlamydial infection, of the eye as well
    ("ctv3", "X70M6", "hiv"),
    ("ctv3", "A788.", "hiv"),
    ("ctv3", "A788", "hiv"),
    ("ctv3", "A78A.", None),
    ("snomed", "266113007", "sexual_health"),
    ("snomed", "88157006", None),  # salpingitis
    ("snomed", "72934000", None),  # thrush
    ("read2", "A981200", "sexual_health"),
    ("read2", "K210.00", None),  # prostatitis
    ("snomed", "714812005", "termination"),
    ("snomed", "17369002", None),  # miscarriage
    ("read2", "L051711", "termination"),
    ("read2", "L04..00", None),  # miscarriage
    ("ctv3", "XaXIc", "termination"),
    ("snomed", "63487001", "fertility"),
    ("snomed", "77386006", None),  # pregnant
    ("snomed", "407374003", "gender_reassignment"),
    ("snomed", "248153007", None),  # male
    ("read2", "Eu64000", "gender_reassignment"),
    ("read2", "Eu63000", None),
    ("snomed", "105568001", "custody"),
    ("snomed", "32911000", None),  # homeless
]
PRESCRIPTIONS = [
    ("0503010AABBAA", "hiv"),
    ("0503", None),  # the chapter alone, which does not tell
    ("0503020B0AAAAAA", None),  # medicines for herpes
    ("0503021C0AAAA", None),
    ("0604020K0", None),  # testosterone
    ("0103040M0", None),  # misoprostol
]


@pytest.mark.parametrize(
    ("table", "row", "kind"),
    [
        *(("diagnoses", {"code": code}, kind) for code, kind in DIAGNOSES),
        *(("procedures", {"code": code}, kind) for code, kind in PROCEDURES),
        *(("gp_events", {"code_system": system, "code": code}, kind) for system, code, kind in GP_EVENTS),
        *(("prescriptions", {"bnf_code": code}, kind) for code, kind in PRESCRIPTIONS),
    ],
)
def test_a_row_with_a_sensitive_code_is_left_out_unless_its_kind_is_permitted(
    make_records: MakeRecords, table: str, row: dict[str, str], kind: str | None
) -> None:
    beside = {
        "diagnoses": {"spell_id": "s", "position": 1},
        "procedures": {"spell_id": "s", "position": 1},
        "gp_events": {"patient_id": "p", "event_on": DAY},
        "prescriptions": {"patient_id": "p", "issued_on": DAY},
    }
    records = make_records(patients=[{"patient_id": "p"}], **{table: [{**beside[table], **row}]})
    every = [*CODES]
    others = [name for name in every if name != kind]

    def stays(permitted: list[str]) -> bool:
        left, counted = without_sensitive(records.tables, refused_kinds(CODES, permitted))
        rows = int(left[table].count().to_pyarrow().as_py())
        assert rows + sum(one.number for one in counted) == 1  # what is not there is counted
        return rows == 1

    assert stays([]) is (kind is None)
    assert stays(others) is (kind is None)
    assert stays(every)
    if kind is not None:
        assert stays([kind])
