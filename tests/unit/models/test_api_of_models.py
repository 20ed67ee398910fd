"""The model layer alone: estimators for any table, with no records at all."""

import subprocess
import sys


def test_the_estimators_are_named_where_one_looks_for_them() -> None:
    import vi_risk.models
    from vi_risk.models import CountRegressor, RiskClassifier

    assert (RiskClassifier.__name__, CountRegressor.__name__) == ("RiskClassifier", "CountRegressor")
    assert not hasattr(vi_risk.models, "nothing")


def test_naming_the_package_loads_no_learner() -> None:
    code = "import sys, vi_risk.models; sys.exit('lightgbm' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
