"""How long a page takes to open, in a browser that the machine has."""

from importlib.util import find_spec
from pathlib import Path
from statistics import median

from vi_risk.caselists.packs.pdf_pack import find_browser

_TIMES = 5
# Milliseconds since the page was asked for, once it has been drawn: after the frame that follows the load.
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"


def seconds_to_open(page: Path) -> float | None:
    """Return the median seconds until a page is loaded and drawn; None where there is no browser, or no playwright.

    The browser runs already, as a team's does; each time is of a new window that has kept nothing.
    """
    browser = find_browser()
    if browser is None or find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everywhere

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        found = []
        for _ in range(_TIMES):
            window = running.new_context(viewport={"width": 1280, "height": 900})
            opened = window.new_page()
            opened.goto(page.resolve().as_uri(), wait_until="load")
            found.append(float(opened.evaluate(_DRAWN)) / 1000)
            window.close()
        running.close()
    return median(found)
