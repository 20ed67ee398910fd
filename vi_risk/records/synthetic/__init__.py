"""A synthetic vertically integrated trust: every canonical table, drawn from hidden lives, without a real person.

Read `trust` first, then the story in order: `months` (the calendar), `place` (practices and neighbourhoods),
`population` (who lives there and when), `conditions` (what they live with), `life` (month by month: frailty, emergency
admissions, death), and then what each service wrote down: `registry`, `hospital` and `coding` (with `causes`),
`emergency_department`, `outpatients`, `general_practice`, `medicines`, `community`.
"""

from vi_risk.records.synthetic.trust import make_trust, write_trust

__all__ = ["make_trust", "write_trust"]
