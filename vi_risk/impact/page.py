"""The page of whether it helped: what may be claimed first, then what it rests on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vi_risk.impact.outcomes import OUTCOMES
from vi_risk.impact.plot import event_study
from vi_risk.impact.wording import sentences, upper
from vi_risk.models.templates import page_environment

_TEMPLATES = Path(__file__).parent / "templates"
_MATCHED_ON = {"score": "Score (log odds)", "age": "Age", "before": "Emergency admissions in the year before"}


def write_impact_page(content: Mapping[str, Any], path: Path) -> None:
    """Write the content of impact.json as one self-contained HTML page; the same content gives the same bytes."""
    of_practices = (content["practices"] or {"outcomes": {}})["outcomes"]
    page = (
        page_environment(_TEMPLATES)
        .get_template("impact.html.jinja")
        .render(
            told=content,
            sentences=list(sentences(content)),
            outcomes=OUTCOMES,
            plots={outcome: event_study(one["points"]) for outcome, one in of_practices.items()},
            matched_on=_MATCHED_ON,
            upper=upper,
        )
    )
    path.write_bytes(page.encode())
