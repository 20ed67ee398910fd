"""Which list a pack holds, by its content: told in the workbook, in JSON lines and to the next run."""

from vi_risk.caselists.lists import DECISION_COLUMNS, CaseList
from vi_risk.caselists.wording import heading
from vi_risk.reviews.form import ListedPatient, ListIdentity


def identity_of(case_list: CaseList) -> ListIdentity:
    """Return the identity of a list, with the themes of the reasons that raise the risk of each person."""
    raising = case_list.said[case_list.said["kind"] == "raises"]
    themes: dict[object, dict[str, None]] = {}  # as an ordered set
    for patient, theme in zip(raising["patient_id"], raising["theme"], strict=True):
        themes.setdefault(patient, {})[str(theme)] = None
    table = case_list.table
    return ListIdentity(
        practice_code=case_list.practice_code,
        index_date=case_list.about.index_date,
        model_version=case_list.about.model_version,
        patients=tuple(
            ListedPatient(str(patient), str(practice), tuple(themes.get(patient, ())))
            for patient, practice in zip(table["patient_id"], table["practice_code"], strict=True)
        ),
        headings={column: heading(column) for column in ("patient_id", *DECISION_COLUMNS)},
    )
