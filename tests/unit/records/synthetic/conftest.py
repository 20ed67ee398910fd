"""One synthetic trust for all tests of this folder; it is read, never changed."""

import pandas as pd
import pytest

from vi_risk.records.synthetic import make_trust

PATIENTS = 4_000


@pytest.fixture(scope="session")
def trust() -> dict[str, pd.DataFrame]:
    """Four thousand people over four years."""
    return make_trust(patients=PATIENTS, seed=7)
