"""What is done in hospital: procedures by primary diagnosis, with their OPCS-4 codes (version 4.10, NHS England).

Where the codes were confirmed: high-volume low-complexity pathways of NHS England's Getting It Right First Time, with
the day-case list of the British Association of Day Surgery (cataract, hernia, joints, carpal tunnel, spine, tonsils,
ear, uterus, bladder, prostate, ureter, gall bladder, appendix, plate of a bone; of T24, Q18 and D15 the category); code
lists of multiple long-term conditions after Kuan et al., Lancet Digital Health 2019 (dialysis, coronary stents); UK
Biobank data-coding 240 (appendix); published HES code lists of hip fracture, chemotherapy, coronary arteriography,
blood transfusion, pregnancy and stroke imaging; endoscopy coding guides. S06.5 stands in none that could be searched.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """A procedure: its OPCS-4 codes, the main one first, the primary diagnoses it is done for, and in what share."""

    codes: tuple[str, ...]
    done_for: tuple[str, ...]
    share: float


OPERATIONS = (
    Operation(("C712", "C751"), ("H269", "H251"), 0.97),  # phacoemulsification of lens, prosthetic lens
    Operation(("H229",), ("K573", "K621"), 0.93),  # diagnostic endoscopy of colon
    Operation(("H221",), ("K635",), 0.95),  # the same with biopsy
    Operation(("G451",), ("K297", "K219"), 0.93),  # endoscopy of upper gastrointestinal tract with biopsy
    Operation(("X723",), ("Z511",), 0.95),  # delivery of simple parenteral chemotherapy
    Operation(("T202",), ("K409",), 0.95),  # repair of inguinal hernia with prosthetic material
    Operation(("T243",), ("K429",), 0.95),  # repair of umbilical hernia with sutures
    Operation(("W401",), ("M179",), 0.93),  # total prosthetic replacement of knee, cemented
    Operation(("W371",), ("M169",), 0.93),  # total prosthetic replacement of hip, cemented
    Operation(("A651",), ("G560",), 0.97),  # carpal tunnel release
    Operation(("A577",), ("M545",), 0.30),  # injection around a spinal nerve root
    Operation(("F104",), ("K029", "K011"), 0.95),  # extraction of multiple teeth
    Operation(("F341",), ("J350",), 0.95),  # bilateral dissection tonsillectomy
    Operation(("D151",), ("H652",), 0.95),  # myringotomy with ventilation tube
    Operation(("Q181",), ("N920", "N841"), 0.90),  # diagnostic endoscopy of uterus with biopsy
    Operation(("Q111",), ("O021",), 0.90),  # curettage of products of conception
    Operation(("M459",), ("R31X",), 0.92),  # diagnostic endoscopy of bladder
    Operation(("M653",), ("N40X",), 0.80),  # endoscopic resection of prostate
    Operation(("K634",), ("I259", "I209"), 0.80),  # coronary arteriography
    Operation(("K751", "K634"), ("I214", "I219"), 0.40),  # drug-eluting stents into coronary arteries
    Operation(("X403",), ("N185",), 0.95),  # haemodialysis
    Operation(("S065",), ("L989", "D223", "C443"), 0.93),  # excision of lesion of skin of head or neck
    Operation(("W461",), ("S720",), 0.85),  # prosthetic replacement of head of femur, cemented
    Operation(("W191",), ("S721",), 0.85),  # open reduction of fracture of neck of femur with pin and plate
    Operation(("W201",), ("S525", "S826", "S422"), 0.35),  # open reduction of long bone with plate
    Operation(("H012",), ("K358", "K37X"), 0.85),  # emergency excision of abnormal appendix
    Operation(("J183",), ("K802", "K810"), 0.30),  # total cholecystectomy
    Operation(("G459",), ("K922", "K921", "D509"), 0.45),  # endoscopy of upper gastrointestinal tract
    Operation(("X332",), ("D649",), 0.50),  # transfusion of packed cells
    Operation(("M292",), ("N201",), 0.25),  # endoscopic insertion of a ureteric stent
    Operation(("U051", "Y981"), ("S099", "I639", "I635", "R51X", "R410"), 0.45),  # CT of the head
    Operation(("U212", "Y981"), ("R104", "R101"), 0.45),  # CT of one area
    Operation(("R249",), ("O800",), 0.95),  # normal delivery
    Operation(("R182",), ("O829", "O821"), 0.97),  # lower uterine segment caesarean delivery
)
