"""Write docs/data-dictionary.md from the declared tables; with --check, say whether the page is what it should be."""

import sys
from pathlib import Path

from vi_risk.records.dictionary import data_dictionary_page

PAGE = Path(__file__).resolve().parents[1] / "docs" / "data-dictionary.md"


def main(arguments: list[str], page: Path = PAGE) -> int:
    """Write the page, or compare it; 1 where it is stale."""
    current = data_dictionary_page()
    if "--check" not in arguments:
        page.write_text(current, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == current:
        return 0
    sys.stderr.write(f"docs/{page.name} is not what vi_risk/records/tables.py says now. Run make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
