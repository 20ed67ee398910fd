"""Write docs/pictures/pack.png: the page of a list as a team sees it first, made from a small synthetic trust.

What is shown is the page itself in a browser: its head, the first lines of the list and the first patient. What lies
between is left out, for a page of twenty people is metres long. Run by `make docs`, never by `make check`: without a
browser the picture in git stays, and is said to.
"""

import io
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from vi_risk import stages
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs.pdf_pack import find_browser
from vi_risk.demo import BEFORE, FIRST_DAY, INDEX_DATE, LAST_DAY
from vi_risk.governance.reading import read_records
from vi_risk.models.spec import load_spec
from vi_risk.reasons.prompts import read_prompts
from vi_risk.records.synthetic import write_trust
from vi_risk.running.progress import Silence

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "pack.png"
PEOPLE, SEED = 4000, 1
PRACTICE = "Z00004"
WIDTH = 1280  # CSS pixels
MOST_BYTES = 250_000

# What the picture leaves out; nothing of what stays is changed.
_SHORTENED = """
.skip-link, .views, #practice-heading, .note, .controls, #shown, .screen-only, #the-list > p, .after, body > footer,
.list tbody tr:nth-child(n+4), .patients > h2, .patients > p, .patient:not(#patient-1) { display: none }
main > section:not(#the-list, .patients) { display: none }
main { padding-bottom: 1rem }
"""


def page_of_a_list(folder: Path) -> Path:
    """Write the lists of a small synthetic trust, and return the page of one practice."""
    trust, out = folder / "trust", folder / "out"
    out.mkdir()
    write_trust(trust, patients=PEOPLE, seed=SEED, first_day=FIRST_DAY, last_day=LAST_DAY)
    told = Silence()
    records = read_records(trust)
    source = stages.Source(f"synthetic trust, {PEOPLE} people, seed {SEED}", "canonical")
    wanted = stages.FeatureRequest(load_spec(), INDEX_DATE, source, previous=stages.ListBefore(BEFORE))
    stages.build_features(out, records, wanted, stages.check(out, records, told), told)
    stages.train(out, told)
    rules = load_rules()
    stages.evaluate(out, rules.capacity, told)
    stages.score(out, told)
    stages.case_lists(out, rules, rules.capacity, told, prompts=read_prompts(catalogue=wanted.catalogue))
    return out / "case_lists" / f"{PRACTICE}.html"


def picture_of(page: Path, browser: str) -> bytes:
    """Return the head of a page and its first patient as a PNG picture of few colours."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # a tool of development: said below where it lacks

    with sync_playwright() as playwright:
        # It opens the page just made and nothing else; the sandbox cannot be had everywhere.
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        shown: Any = running.new_page(viewport={"width": WIDTH, "height": 800})
        shown.goto(page.as_uri())
        shown.add_style_tag(content=_SHORTENED)
        taken = shown.screenshot(full_page=True)
        running.close()
    few = Image.open(io.BytesIO(taken)).convert("RGB").quantize(colors=96)
    written = io.BytesIO()
    few.save(written, format="PNG", optimize=True)
    return written.getvalue()


def main(picture: Path = PICTURE) -> int:
    """Write the picture, or say why the old one stays; 1 where it came out too large."""
    browser = find_browser()
    if browser is None:
        sys.stderr.write(
            f"docs/pictures/{picture.name} stays as it is: this machine has no Chromium, Chrome or Edge.\n"
        )
        return 0
    with TemporaryDirectory() as folder:
        taken = picture_of(page_of_a_list(Path(folder)), browser)
    if len(taken) > MOST_BYTES:
        sys.stderr.write(f"docs/pictures/{picture.name}: {len(taken):,} bytes, expected at most {MOST_BYTES:,}.\n")
        return 1
    picture.write_bytes(taken)
    return 0


if __name__ == "__main__":
    sys.exit(main())
