"""After the list: whether a model still reads what it read, says what it said, and is right.

Read `watching` first. `watched` reads the run, `people` builds those of today, `stability` and `feeds` compare, and
`closed_windows`, `expected` and `updating` hold scores against what happened (`chance` says what chance makes).
`verdict` says what is to be done; `wording`, `told`, `page` and `kept` tell it. docs/monitoring.md has the rules in
words and what they were measured to find.
"""

from vi_risk.monitoring.kept import keep_monitored, write
from vi_risk.monitoring.watched import Watched, read_watched
from vi_risk.monitoring.watching import Monitored, monitor

__all__ = ["Monitored", "Watched", "keep_monitored", "monitor", "read_watched", "write"]
