"""A synthetic vertically integrated trust: every canonical table, drawn from hidden lives, without a real person.

Read `trust` first, then the story in order: `months` (the calendar), `place` (practices and neighbourhoods),
`population` (who lives there and when), `conditions` (what they live with), `hazards` and `life` (month by month:
frailty, emergencies, death), `effects` (which emergencies the trust's work keeps from an admission), `hospital` (whole
stays, with `causes`), and then what each service wrote down: `registry`, `spells` (with `transfers` and
`regular_attenders`), `coding` (with `operations`), `emergency_department`, `outpatients`, `general_practice` (with
`practice_record`, `measurements` and `prevention`), `medicines`, `community`, `referrals`, `choices`. `flaws` says what
goes wrong on the way, `truth` works out the true risk from the hidden state, and `facts` (with `counted` and `fact`)
holds what was made against the place.
"""

from vi_risk.records.synthetic.effects import Effects
from vi_risk.records.synthetic.flaws import Flaws
from vi_risk.records.synthetic.trust import make_trust, make_truth, write_trust

__all__ = ["Effects", "Flaws", "make_trust", "make_truth", "write_trust"]
