"""MLflow, loaded when it is used, with its manners mended for as long as it is in use.

Left alone it reports usage to its makers, takes over the loggers of other libraries, prints its progress and writes its
choices into the environment. Inside `quiet_mlflow` it does none of this, and afterwards all is as it was found.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The loggers that importing MLflow reconfigures.
_LOGGERS = ("mlflow", "alembic", "sqlalchemy.engine", "huey")

_NO_TELEMETRY = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

# Unless the site says otherwise. MLflow's own seven tries of two minutes keep people waiting for a server that is not
# there, and looking for the variables that a model reads takes a scoring run.
_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@contextmanager
def quiet_mlflow(tracking_uri: str) -> Iterator[None]:
    """Within, MLflow keeps its runs at `tracking_uri`, says nothing and calls nobody else.

    It acts on the whole process (environment, loggers, warnings) for that time: not for use from several threads.
    """
    with _environment_restored(), _loggers_restored(), warnings.catch_warnings():
        os.environ.update({**_DEFAULTS, **os.environ, **_NO_TELEMETRY})
        warnings.simplefilter("ignore")
        import mlflow  # noqa: PLC0415

        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        was_set = mlflow.tracking.is_tracking_uri_set()  # type: ignore[no-untyped-call]
        earlier_uri = mlflow.get_tracking_uri() if was_set else None
        mlflow.set_tracking_uri(tracking_uri)
        try:
            yield
        finally:
            mlflow.set_tracking_uri(earlier_uri)  # type: ignore[arg-type]  # None unsets it


@contextmanager
def _environment_restored() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _loggers_restored() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    try:
        yield
    finally:
        for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.handlers[:] = handlers
            logger.propagate = propagate
