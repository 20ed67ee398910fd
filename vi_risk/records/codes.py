"""Value sets that the canonical tables use: the NHS Data Dictionary's, and our own where it has none.

Words are shortened for the page; codes are the Dictionary's. A comment says where a code is not on its present list,
and which lists are ours.

References
----------
NHS Data Model and Dictionary: ADMISSION METHOD, PATIENT CLASSIFICATION, DISCHARGE METHOD, DISCHARGE DESTINATION,
ATTENDED OR DID NOT ATTEND, PERSON STATED GENDER CODE, ETHNIC CATEGORY, EMERGENCY CARE DEPARTMENT TYPE, EMERGENCY CARE
ATTENDANCE CATEGORY, EMERGENCY CARE ACUITY (SNOMED CT), A and E ARRIVAL MODE, A and E ATTENDANCE DISPOSAL.
NHS Digital, HES data dictionary: SEX, CLASSPAT, DISMETH, ATTENDED, AEARRIVALMODE, AEATTENDDISP, AEDEPTTYPE.
"""

from collections.abc import Mapping
from types import MappingProxyType

Codes = Mapping[str, str]  # code -> meaning

# HES writes 0 for not known, where PERSON STATED GENDER CODE has X: a mapping turns the one into the other.
SEX: Codes = MappingProxyType({"1": "male", "2": "female", "9": "indeterminate", "X": "not known"})

ETHNIC_CATEGORY: Codes = MappingProxyType(
    {
        "A": "White - British",
        "B": "White - Irish",
        "C": "White - any other White background",
        "D": "Mixed - White and Black Caribbean",
        "E": "Mixed - White and Black African",
        "F": "Mixed - White and Asian",
        "G": "Mixed - any other mixed background",
        "H": "Asian or Asian British - Indian",
        "J": "Asian or Asian British - Pakistani",
        "K": "Asian or Asian British - Bangladeshi",
        "L": "Asian or Asian British - any other Asian background",
        "M": "Black or Black British - Caribbean",
        "N": "Black or Black British - African",
        "P": "Black or Black British - any other Black background",
        "R": "Other ethnic groups - Chinese",
        "S": "Other ethnic groups - any other ethnic group",
        "Z": "not stated",
        "99": "not known",
    }
)

ADMISSION_METHOD: Codes = MappingProxyType(
    {
        "11": "elective: waiting list",
        "12": "elective: booked",
        "13": "elective: planned",
        "21": "emergency: emergency care department",
        "22": "emergency: general practitioner",
        "23": "emergency: bed bureau",
        "24": "emergency: consultant clinic",
        "25": "emergency: mental health crisis resolution team",
        "2A": "emergency: emergency care department of another provider",
        "2B": "emergency: transfer of an admitted patient from another provider",
        "2C": "emergency: baby born at home as intended",
        "2D": "emergency: other",
        "28": "emergency: other means",
        "31": "maternity: ante partum",
        "32": "maternity: post partum",
        "81": "other: transfer of an admitted patient, not an emergency",
        "82": "other: birth of a baby in this provider",
        "83": "other: baby born outside the provider, not at home as intended",
        "98": "not applicable",
        "99": "not known",
    }
)

# A new emergency: 2B moves a patient who is already in hospital and 2C is a birth, so neither counts.
EMERGENCY_ADMISSION_METHODS = ("21", "22", "23", "24", "25", "2A", "2D", "28")
ELECTIVE_ADMISSION_METHODS = ("11", "12", "13")

PATIENT_CLASSIFICATION: Codes = MappingProxyType(
    {
        "1": "ordinary admission",
        "2": "day case",
        "3": "regular day admission",
        "4": "regular night admission",
        "5": "mother and baby using delivery facilities only",
        "8": "not applicable: no hospital provider spell",
        "9": "not known",  # in HES only
    }
)
# Each attendance of a regular attender is an admission of its own, day or night, and never part of a longer stay.
REGULAR_ATTENDERS = ("3", "4")

DISCHARGE_METHOD: Codes = MappingProxyType(
    {
        "1": "on clinical advice or with clinical consent",
        # Retired from the Dictionary, which now has its two halves 6 and 7; HES still holds it.
        "2": "self-discharged or discharged by a relative or advocate",
        "3": "by mental health review tribunal, Home Secretary or court",
        "4": "died",
        "5": "stillbirth",
        "6": "discharged him or herself",
        "7": "discharged by a relative or advocate",
        "8": "not applicable: not discharged",
        "9": "not known",
    }
)

DIED = "4"

DISCHARGE_DESTINATION: Codes = MappingProxyType(
    {
        "19": "usual place of residence",
        "29": "temporary place of residence",
        "30": "repatriation from high security psychiatric accommodation",
        "37": "court",
        "38": "penal establishment or police station",
        "48": "high security psychiatric hospital, Scotland",
        "49": "NHS high security psychiatric accommodation",
        "50": "NHS medium secure unit",
        "51": "NHS other provider: general ward",
        "52": "NHS other provider: maternity or neonates",
        "53": "NHS other provider: mental illness or learning disabilities",
        "54": "NHS run care home",
        "65": "local authority residential accommodation with care",
        "66": "local authority foster care",
        "79": "not applicable: died or stillbirth",
        "84": "non-NHS medium secure unit",
        "85": "non-NHS run care home",
        "87": "non-NHS run hospital",
        "88": "non-NHS run hospice",
        "98": "not applicable: not discharged",
        "99": "not known",
    }
)

# Discharged to another hospital (or to a secure unit in one): NHS, then non-NHS.
TRANSFER_DESTINATIONS = ("49", "50", "51", "52", "53", "84", "87")
# Admitted from another hospital in which the patient was already an inpatient.
TRANSFER_ADMISSION_METHODS = ("2B", "81")

ED_DEPARTMENT_TYPE: Codes = MappingProxyType(
    {
        "01": "major emergency department",
        "02": "single specialty department",
        "03": "minor injury unit or other type",
        "04": "NHS walk-in centre",
        "05": "same day emergency care",  # in ECDS only
        "99": "not known",  # in HES only
    }
)

# As in ECDS. The A&E data set before it wrote 2 for a planned follow-up (here 4) and 3 for an unplanned one (here 2).
ED_ATTENDANCE_CATEGORY: Codes = MappingProxyType(
    {
        "1": "unplanned first attendance",
        "2": "unplanned follow-up at this department",
        "3": "unplanned follow-up at another department",
        "4": "planned follow-up",
    }
)

# The five levels of ECDS, which writes them as SNOMED CT concepts, most urgent first.
ED_ACUITY: Codes = MappingProxyType(
    {"1": "immediate", "2": "very urgent", "3": "urgent", "4": "standard", "5": "not urgent"}
)

# 9 in HES only. ECDS writes SNOMED CT concepts: those of an ambulance, air or road, are 1.
ED_ARRIVAL_MODE: Codes = MappingProxyType({"1": "ambulance", "2": "other", "9": "not known"})

# As in the A&E data set. ECDS has discharge status, destination and follow-up apart: a mapping joins them.
ED_DISPOSAL: Codes = MappingProxyType(
    {
        "01": "admitted to the same provider",
        "02": "discharged: follow-up by general practitioner",
        "03": "discharged: no follow-up",
        "04": "referred to an emergency department clinic",
        "05": "referred to a fracture clinic",
        "06": "referred to another outpatient clinic",
        "07": "transferred to another provider",
        "10": "died in the department",
        "11": "referred to another professional",
        "12": "left before treatment",
        "13": "left having refused treatment",
        "14": "other",
        "99": "not known",  # in HES only
    }
)

ATTENDED: Codes = MappingProxyType(
    {
        "0": "not applicable: in the future",
        "2": "cancelled by the patient",
        "3": "did not attend, no warning",
        "4": "cancelled by the provider",
        "5": "attended on time",
        "6": "arrived late, seen",
        "7": "arrived late, not seen",
        "9": "not known",  # in HES only
    }
)
SEEN = ("5", "6")
DID_NOT_ATTEND = ("3", "7")

# Ours, as the sources of practice appointments, GP records and team names have no national codes in common.
GP_APPOINTMENT_STATUS: Codes = MappingProxyType(
    {"attended": "attended", "dna": "did not attend", "cancelled": "cancelled", "booked": "still to come"}
)
GP_STAFF_ROLE: Codes = MappingProxyType(
    {"gp": "general practitioner", "nurse": "practice nurse", "pharmacist": "pharmacist", "other": "other staff"}
)
GP_APPOINTMENT_MODE: Codes = MappingProxyType(
    {"face_to_face": "at the surgery", "telephone": "telephone", "video": "video or online", "home": "home visit"}
)

CLINICAL_CODE_SYSTEM: Codes = MappingProxyType(
    {
        "snomed": "SNOMED CT concept",
        "read2": "Read version 2",
        "ctv3": "Clinical Terms version 3",
        "icd10": "ICD-10, where a source codes primary care so",
    }
)

COMMUNITY_TEAM: Codes = MappingProxyType(
    {
        "district_nursing": "district nursing",
        "community_matron": "community matron",
        "physiotherapy": "physiotherapy",
        "occupational_therapy": "occupational therapy",
        "falls": "falls service",
        "heart_failure": "heart failure nurse",
        "respiratory": "respiratory nurse",
        "palliative": "palliative care",
        "rapid_response": "rapid response",
        "other": "other team",
    }
)

# Ours: where people on a list are most often referred to.
REFERRAL_SERVICE: Codes = MappingProxyType(
    {
        "social_prescribing": "social prescribing link worker",
        "social_care": "adult social care",
        "falls": "falls service",
        "community_nursing": "district nursing or community matron",
        "therapy": "physiotherapy, occupational or speech and language therapy",
        "intermediate_care": "intermediate care or reablement",
        "rehabilitation": "pulmonary, cardiac or stroke rehabilitation",
        "medicines_review": "structured medication review by a pharmacist",
        "memory": "memory service",
        "mental_health": "mental health or talking therapies",
        "palliative": "palliative or end of life care",
        "other": "other service",
    }
)

# Ours: what a multidisciplinary team decides about a person on its list.
MDT_DECISION: Codes = MappingProxyType(
    {
        "accepted": "taken on: the team acts, by the plan",
        "already_cared_for": "what the team could offer is already in place",
        "not_suitable": "nothing that the team could offer would help now",
        "declined": "offered, and the person said no",
        "deferred": "to be discussed again",
    }
)

# Ours: the three choices that a person has in England; a general practice holds the first, NHS England the second.
OBJECTION_KIND: Codes = MappingProxyType(
    {
        "type_1": "type 1 opt-out: the practice's records leave it for the person's own care only",
        "national_data_opt_out": "national data opt-out: not used for research and planning",
        "risk_stratification": "objection to being risk stratified",
    }
)

# Ours: the kinds of codes that law or custom protects beyond the rest of a record. A site may have more in its own code
# lists (column `sensitive`).
SENSITIVE_KIND: Codes = MappingProxyType(
    {
        "hiv": "HIV and AIDS",
        "sexual_health": "sexually transmitted infections",
        "termination": "termination of pregnancy",
        "fertility": "fertility treatment",
        "gender_reassignment": "gender reassignment",
        "custody": "prison and custody",
    }
)
