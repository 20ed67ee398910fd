"""The page of a list as its users meet it: a real browser, its keyboard, its printer and a checker of accessibility."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs.html_pack import html_pack
from vi_risk.caselists.packs.pdf_pack import find_browser

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")

BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Chromium, Chrome or Edge (Debian: apt install chromium)")

DESK, PHONE = (1280, 900), (390, 844)
A4_HEIGHT, A4_WIDTH, A5_WIDTH = 1047, 718, 484  # CSS pixels between margins of 10 mm


def written(folder: Path, patients: int) -> Path:
    page = folder / f"{patients}.html"
    page.write_bytes(html_pack(example_list(patients), load_rules(), workbook="M92001.xlsx"))
    return page


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of six patients, hostile texts among what is told of them."""
    return written(tmp_path_factory.mktemp("pack"), 6)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        # It opens this test's own file alone; the sandbox cannot be had everywhere that tests run.
        running = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Screen:
    """The page on a screen, with what the tests ask of it."""

    def __init__(self, context: Any, pack: Path) -> None:
        self.page = context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.goto(pack.as_uri())

    def order(self) -> list[str]:
        """The patients of the table that are shown, from the top."""
        return self.page.locator(".list tbody tr:visible th").all_text_contents()

    def blocks(self) -> list[str]:
        return self.page.locator(".patient:visible .name").all_text_contents()

    def focused(self) -> str:
        return self.page.evaluate(
            "(here => here.id || here.ariaLabel || here.textContent.trim())(document.activeElement)"
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def screen(browser: Any, pack: Path) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    seen = Screen(context, pack)
    yield seen
    context.close()
    assert seen.complaints == []


def people(*numbers: int) -> list[str]:
    return [f"P-{number:04d}" for number in numbers]


def test_nothing_but_the_file_itself_is_asked_for_and_no_text_of_the_records_runs(screen: Screen, pack: Path) -> None:
    assert screen.requests == [pack.as_uri()]
    assert "<script>alert(1)</script>" in screen.page.locator("h1").inner_text()


def test_a_column_sorts_up_then_down_and_what_was_not_seen_stays_last(screen: Screen) -> None:
    medicines = screen.page.get_by_role("button", name="Medicines, 90 days")
    medicines.click()
    assert screen.order() == people(5, 1, 6, 2, 4, 3)
    medicines.click()
    assert screen.order() == people(4, 2, 1, 6, 5, 3)
    assert screen.page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"


def test_those_who_rose_most_and_the_new_come_first_or_last(screen: Screen) -> None:
    screen.page.get_by_role("button", name="Since last time").click()
    assert screen.order() == people(5, 6, 2, 3, 1, 4)


def test_the_list_is_filtered_by_role_by_reason_and_by_who_is_new(screen: Screen) -> None:
    screen.page.get_by_label("Who might help").select_option(label="Social prescriber (2)")
    assert screen.order() == screen.blocks() == people(1, 3)
    screen.page.get_by_label("Reason", exact=True).select_option(label="Medicines (5)")
    assert screen.order() == people(3)
    assert screen.page.get_by_role("status").inner_text() == "1 of 6 shown: Social prescriber, Medicines"
    screen.page.get_by_label("Who might help").select_option("")
    screen.page.get_by_label("Reason", exact=True).select_option("")
    screen.page.get_by_label("Only new to the list").check()
    assert screen.order() == screen.blocks() == people(1, 4)


def test_the_filter_searches_all_that_is_said_of_a_person_and_escape_clears_it(screen: Screen) -> None:
    screen.press("/")
    screen.page.keyboard.type("care home")
    assert screen.order() == screen.blocks() == people(3)
    screen.press("Escape")
    assert screen.order() == people(1, 2, 3, 4, 5, 6)
    assert screen.page.get_by_role("status").inner_text() == ""


def test_j_k_and_arrows_go_from_patient_to_patient_past_those_filtered_out(screen: Screen) -> None:
    screen.press("j", "j")
    assert screen.focused() == "patient-2"
    screen.press("ArrowDown", "k", "ArrowUp")
    assert screen.focused() == "patient-1"
    screen.page.get_by_label("Only new to the list").check()
    screen.page.locator("#patient-1").focus()
    screen.press("j")
    assert screen.focused() == "patient-4"


def test_keys_can_be_switched_off(screen: Screen) -> None:
    keys = screen.page.get_by_label("Keys:")
    keys.uncheck()
    screen.press("j")
    assert not screen.focused().startswith("patient-")


def test_enter_opens_the_dates_of_the_timeline_and_closes_them(screen: Screen) -> None:
    dates = screen.page.locator("#patient-1 .dates")
    screen.press("j")
    assert not dates.is_visible()
    screen.press("Enter")
    assert dates.is_visible()
    assert "23, 22 Oct" in dates.inner_text()
    screen.press("Enter")
    assert not dates.is_visible()


def test_a_row_leads_to_its_block_by_keyboard(screen: Screen) -> None:
    screen.page.get_by_role("link", name="P-0002").focus()
    screen.press("ArrowDown", "Enter")
    screen.page.wait_for_url("**#patient-3")
    assert screen.page.locator("#patient-3").is_visible()


def test_tab_reaches_everything_in_the_order_of_the_page_and_the_focus_is_seen(screen: Screen) -> None:
    reached: list[str] = []
    for _ in range(60):
        screen.press("Tab")
        reached.append(screen.focused())
        if reached[-1] == "P-0006":
            break
        outline = screen.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.boxShadow })()"
        )
        assert outline != "nonenone"
    assert reached[-1] == "P-0006"
    wanted = ["Skip to the list", "filter", "role", "theme", "new", "keys", "Rank", "Medicines, 90 days", "P-0001"]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_serious_fault(browser: Any, pack: Path, size: tuple[int, int], colours: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=colours)
    seen = Screen(context, pack)
    seen.page.locator("#patient-1 summary").click()
    # What is off the screen is not painted, and would not be looked at.
    seen.page.evaluate("document.querySelectorAll('.patient').forEach(b => b.style.contentVisibility = 'visible')")
    found = axe.Axe().run(seen.page).response["violations"]
    context.close()
    serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], fault["nodes"][0]["target"], fault["help"]) for fault in serious] == []


@pytest.mark.parametrize("width", [PHONE[0], 700, 800])
def test_a_narrow_screen_shows_every_line_of_the_list_whole_without_scrolling_sideways(
    browser: Any, pack: Path, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": PHONE[1]})
    page = Screen(context, pack).page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    listed = page.get_by_role("region", name="Everyone on the list")
    assert listed.evaluate("list => list.scrollWidth <= list.clientWidth")
    cells = listed.get_by_role("row").nth(1).get_by_role("cell").all()
    assert page.get_by_role("rowheader", name="P-0001").is_visible()
    told = " ".join(cell.inner_text() for cell in cells if cell.is_visible())
    for words in ("NEW", "75 to 79, female", "58 %", "very high", "Hospital frailty score 14.2, intermediate"):
        assert words in told
    context.close()


@pytest.mark.parametrize("width", [DESK[0], 1000, 800, PHONE[0]])
def test_no_control_lies_over_another_or_over_text(browser: Any, pack: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": DESK[1]})
    page = Screen(context, pack).page
    page.get_by_label("Only new to the list").check()  # so that the line of what is shown stands below them
    parts = [*page.locator(".controls > *:visible").all(), page.locator("#shown"), page.locator(".list")]
    boxes = [part.bounding_box() for part in parts]
    lying_over = [
        (place, other)
        for place, a in enumerate(boxes)
        for other, b in enumerate(boxes[:place])
        if a["x"] < b["x"] + b["width"] - 1
        and b["x"] < a["x"] + a["width"] - 1
        and a["y"] < b["y"] + b["height"] - 1
        and b["y"] < a["y"] + a["height"] - 1
    ]
    assert lying_over == []
    context.close()


def test_on_paper_the_list_has_pages_of_its_own_and_tells_the_facts(screen: Screen) -> None:
    screen.page.emulate_media(media="print")
    assert screen.page.locator("#the-list").evaluate("part => getComputedStyle(part).page") == "across"
    row = screen.page.locator(".list tbody tr").nth(1)
    assert [cell.inner_text() for cell in row.locator(".fact").all()] == ["3", "2", "5 months ago", "10"]
    sizes = [
        size.split()[2:] for size in re.findall(rb"/MediaBox \[([^]]*)\]", screen.page.pdf(prefer_css_page_size=True))
    ]
    across = [float(width) > float(height) for width, height in sizes]
    # The practice, the list, then the patients: no heading is left alone at the end of a page.
    assert across[0] is False
    assert across[1] is True
    assert across[-1] is False


@pytest.mark.parametrize(("media", "width"), [("print", A4_WIDTH), ("print", A5_WIDTH), ("screen", DESK[0])])
def test_the_timeline_lies_over_no_text(screen: Screen, media: str, width: int) -> None:
    screen.page.set_viewport_size({"width": width, "height": A4_HEIGHT})
    screen.page.emulate_media(media=media)
    covered = screen.page.locator(".patient").evaluate_all(
        """blocks => blocks.flatMap(block => {
          const over = block.querySelector(".met").getBoundingClientRect();
          const texts = [...block.querySelectorAll("h3, p, li, dt, dd")].filter(text => !text.closest(".met"));
          const boxes = texts.flatMap(text => [...text.getClientRects()]);
          return boxes.filter(box => box.width && box.left < over.right - 1 && over.left < box.right - 1
            && box.top < over.bottom - 1 && over.top < box.bottom - 1);
        })"""
    )
    assert covered == []


def test_on_paper_a_time_ago_has_its_date_beside_it(screen: Screen) -> None:
    screen.page.emulate_media(media="print")
    dates = "times => times.map(time => getComputedStyle(time, '::after').content)"
    told = screen.page.locator("#patient-1 time").evaluate_all(dates)
    assert told
    assert all(text not in ("none", "normal") for text in told)


def test_on_paper_no_patient_is_split_three_fit_a_page_and_decisions_have_lines_to_write_on(
    screen: Screen,
) -> None:
    assert screen.page.pdf().startswith(b"%PDF")
    screen.page.set_viewport_size({"width": A4_WIDTH, "height": A4_HEIGHT})
    screen.page.emulate_media(media="print")
    blocks = screen.page.locator(".patient").all()
    assert max(block.bounding_box()["height"] for block in blocks) < A4_HEIGHT / 3
    assert {block.evaluate("block => getComputedStyle(block).breakInside") for block in blocks} == {"avoid"}
    line = screen.page.locator(".decisions dd").first
    assert line.evaluate("line => getComputedStyle(line).borderBottomStyle") == "solid"
    assert screen.page.locator("#patient-1 .timeline svg").is_visible()
    assert not screen.page.locator(".controls").is_visible()


def test_the_page_works_without_its_script(browser: Any, pack: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = Screen(context, pack).page
    assert not page.locator(".controls").is_visible()
    page.locator("#patient-1 summary").click()
    assert page.locator("#patient-1 .dates").is_visible()
    context.close()


def test_five_hundred_patients_open_within_a_second(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]})
    page = context.new_page()
    # Seconds of the processor, from the file to the page laid out: a busy machine makes them no more.
    measuring = context.new_cdp_session(page)
    measuring.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(written(tmp_path, 500).as_uri())
    measured = {each["name"]: each["value"] for each in measuring.send("Performance.getMetrics")["metrics"]}
    context.close()
    assert 0.01 < measured["TaskDuration"] < 1
