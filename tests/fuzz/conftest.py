import pytest

from tests.fuzz.reading import CASES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of each kind there were."""
    if not CASES:
        return
    terminalreporter.section("fuzz")
    for name in dict.fromkeys(kind for kind, _ in CASES):
        accepted, refused = CASES[name, "accepted"], CASES[name, "refused"]
        terminalreporter.line(f"{name}: {accepted + refused:,} cases, {accepted:,} accepted, {refused:,} refused")
    terminalreporter.line(f"altogether {CASES.total():,} cases")
