"""Did it help? What joining the trust, and reviews by a team, did to how often people come to hospital.

Read `finding` first: practices by month (`panel`), what joining did (`joining`, `synthetic_control`), people of earlier
lists (`listed`), what reviews did (`reviewing`); then what is said of it (`wording`, `told`, `page`).
"""

from vi_risk.impact.finding import Impact, impact
from vi_risk.impact.kept import keep_impact, write
from vi_risk.impact.listed import EarlierList, read_list

__all__ = ["EarlierList", "Impact", "impact", "keep_impact", "read_list", "write"]
