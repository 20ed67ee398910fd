"""A card on disk: the page and the text, both from the same sections."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vi_risk.errors import UsageError
from vi_risk.models.card.content import ModelCard
from vi_risk.models.card.document import sections
from vi_risk.models.card.markdown import as_markdown
from vi_risk.models.card.parts import Section
from vi_risk.models.templates import page_environment


def write_card(card: ModelCard, path: Path) -> None:
    """Write the card as a self-contained page (``.html``) or as Markdown (``.md``), by the name of the file.

    The same card gives the same bytes, and both forms hold the same words and numbers.

    Raises
    ------
    UsageError
        The name of the file has another ending.
    """
    if path.suffix not in _FORMS:
        msg = f"{path.name}: a model card is written as {' or '.join(_FORMS)}. Choose one of these endings."
        raise UsageError(msg)
    measure = "expected number of" if card.kind == "count" else "chance of"
    text = _FORMS[path.suffix](
        f"Model card: {card.title}", f"Version {card.version} · {measure} {card.outcome}", sections(card)
    )
    path.write_bytes(text.encode())


def as_page(title: str, subtitle: str, found: Sequence[Section]) -> str:
    """Return a card as one HTML page that fetches nothing and runs nothing."""
    template = page_environment().get_template("model_card.html.jinja")
    return template.render(title=title, subtitle=subtitle, sections=found)


_FORMS: Mapping[str, Callable[[str, str, Sequence[Section]], str]] = {".html": as_page, ".md": as_markdown}
