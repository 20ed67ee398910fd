"""What was found, kept: its page and its numbers in a folder, and both in MLflow."""

from collections.abc import Iterator
from pathlib import Path

from vi_risk.impact.finding import Impact
from vi_risk.impact.page import write_impact_page
from vi_risk.impact.told import told
from vi_risk.running.files import remove
from vi_risk.running.run_file import write_json
from vi_risk.tracking import TrackedRun, track_run

IMPACT_PAGE, IMPACT_FILE = "impact.html", "impact.json"
OWNED = (IMPACT_PAGE, IMPACT_FILE)


def write(found: Impact, folder: Path) -> None:
    """Write the page and impact.json into a folder."""
    for name in OWNED:
        remove(folder / name)
    content = told(found)
    write_json(folder / IMPACT_FILE, content)
    write_impact_page(content, folder / IMPACT_PAGE)


def keep_impact(found: Impact, folder: Path, *, tracking_uri: str) -> str:
    """Return the id of the MLflow run that now holds what was found.

    Raises
    ------
    ResourceError
        The store cannot be reached or written.
    """
    lists = () if found.reviewed is None else found.reviewed.lists
    of = found.practices
    window = "" if of is None else f"{of.first} to {of.last}"
    return track_run(
        TrackedRun(
            experiment="impact",
            run_name=" ".join(["impact", window or str(lists[-1])]),
            parameters={"months": window, "lists": ", ".join(map(str, lists))},
            metrics=dict(_metrics(found)),
            tags={"kind": "impact"},
            files={"impact": tuple(folder / name for name in OWNED)},
        ),
        tracking_uri=tracking_uri,
    )


def _metrics(found: Impact) -> Iterator[tuple[str, float]]:
    content = told(found)
    parts: dict[str, dict[str, float] | None] = {}
    if content["practices"]:
        parts |= {f"joining.{outcome}": one["effect"] for outcome, one in content["practices"]["outcomes"].items()}
    if content["reviewed"]:
        for name in ("at_the_line", "matched"):
            outcomes = content["reviewed"][name]["outcomes"]
            parts |= {f"reviews.{name}.{outcome}": one["effect"] for outcome, one in outcomes.items()}
    for name, effect in parts.items():
        for figure, value in (effect or {}).items():
            yield f"{name}.{figure}", value
