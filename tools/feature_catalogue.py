"""Write docs/feature-catalogue.md from the shipped declarations; with --check, say whether it is what it should be."""

import sys
from pathlib import Path

from vi_risk.feature_pages import catalogue_page
from vi_risk.features.catalogue import read_catalogue

PAGE = Path(__file__).resolve().parents[1] / "docs" / "feature-catalogue.md"


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write the page, or compare it; 1 where it is stale."""
    catalogue = read_catalogue()
    current = catalogue_page(catalogue, read_catalogue(sensitive=tuple(catalogue.sensitive)))
    if "--check" not in arguments:
        page.write_text(current, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == current:
        return 0
    sys.stderr.write(f"docs/{page.name} is not what features/ declares now. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
