"""What a site permits: the governance file, and the door that holds records to it.

Read `declaration` first (what stands in the file), then `door` (what is left out of records, and when a run stops),
`sensitive` (the codes that are kept out), `reading` (records read through the door) and `told` (what is said of it).
"""

from vi_risk.governance.declaration import Governance, read_governance
from vi_risk.governance.door import permitted

__all__ = ["Governance", "permitted", "read_governance"]
