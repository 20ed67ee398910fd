"""The demonstration: a synthetic trust, read and run as any site's own records would be."""

from datetime import date
from pathlib import Path

from vi_risk import pipeline, stages
from vi_risk.governance.reading import read_records
from vi_risk.models.spec import load_spec
from vi_risk.records.synthetic import write_trust
from vi_risk.running.progress import Report
from vi_risk.running.scratch import PREFIX, ScratchFolder
from vi_risk.tracking import check_store

FIRST_DAY, LAST_DAY, INDEX_DATE = date(2021, 1, 1), date(2024, 12, 31), date(2025, 1, 1)
BEFORE = date(2024, 10, 1)  # of the list before: quarterly meetings


def run_demo(*, patients: int, seed: int, out: Path, capacity: int | None, tracking_uri: str, report: Report) -> None:
    """Build a synthetic vertically integrated trust of four years and run the whole path on it."""
    check_store(tracking_uri, out=out)
    scratch = ScratchFolder(f"{PREFIX}demo-")
    folder = scratch.path / "trust"
    try:
        report.stage(f"Build a synthetic trust of {patients:,} people (seed {seed})")
        write_trust(folder, patients=patients, seed=seed, first_day=FIRST_DAY, last_day=LAST_DAY)
        records = read_records(folder)
        request = pipeline.Request(
            index_date=INDEX_DATE,
            out=out,
            spec=load_spec().with_seed(seed),
            capacity=capacity,
            previous=stages.ListBefore(BEFORE),
            tracking_uri=tracking_uri,
            source=stages.Source(f"synthetic trust, {patients} people, seed {seed}", "canonical"),
        )
        pipeline.run(records, request, report)
    finally:
        scratch.remove()
