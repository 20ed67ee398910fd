"""What tests of several parts share: one MLflow store, because making one takes seconds."""

import pytest


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that is made when it is first used; each test keeps to a model name of its own."""
    return f"sqlite:///{tmp_path_factory.mktemp('trust') / 'mlruns' / 'mlflow.db'}"
