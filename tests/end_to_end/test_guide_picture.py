"""The picture of a list that README and guide show: kept in git, and what the page looks like today."""

import io

import pytest
from PIL import Image

from tests.end_to_end.conftest import Ended
from tools.pack_picture import MOST_BYTES, PICTURE, picture_of
from vi_risk.caselists.packs.pdf_pack import find_browser

pytest.importorskip("playwright.sync_api", reason="needs playwright")

BROWSER = find_browser()


def test_the_picture_is_light_and_as_wide_as_a_screen() -> None:
    assert PICTURE.stat().st_size <= MOST_BYTES
    with Image.open(PICTURE) as shown:
        assert shown.width == 1280


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium, Chrome or Edge (Debian: apt install chromium)")
def test_the_picture_of_a_list_is_what_the_page_looks_like_today(demo: Ended) -> None:
    shown = Image.open(io.BytesIO(PICTURE.read_bytes()))
    assert BROWSER is not None
    today = Image.open(io.BytesIO(picture_of(next((demo.out / "case_lists").glob("Z*.html")), BROWSER)))
    # Another trust, so other people: as wide, about as high, in the same colour at the head.
    assert today.width == shown.width
    assert 0.6 < today.height / shown.height < 1.6
    assert today.convert("RGB").getpixel((5, 5)) == shown.convert("RGB").getpixel((5, 5))
