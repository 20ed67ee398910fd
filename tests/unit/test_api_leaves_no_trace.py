"""A verb leaves its caller as it found him: his logs, warnings, options, environment and threads; and says nothing."""

import json
import subprocess
import sys

import pytest

# Runs in an interpreter of its own, in which nothing of this test run has set anything. After each verb it says what
# is otherwise than before; a caller who has chosen unusual settings notices when they are put back to the usual ones.
_PROGRAM = """
import decimal, json, locale, logging, os, random, signal, sys, threading, warnings
from datetime import date

import ibis, matplotlib, mlflow, numpy as np, pandas as pd, sklearn, threadpoolctl

matplotlib.use("pdf")
matplotlib.rcParams["figure.dpi"] = 33.0
np.seterr(under="warn")
np.set_printoptions(precision=3)
np.random.seed(5)
random.seed(5)
pd.set_option("display.max_rows", 7)
logging.getLogger().setLevel(logging.DEBUG)
logging.getLogger("matplotlib").setLevel(logging.ERROR)
warnings.simplefilter("error")
mlflow.set_tracking_uri("sqlite:///nowhere.db")
os.umask(0o027)
decimal.getcontext().prec = 9
threadpoolctl.threadpool_limits(2)
# What others say of themselves while they load is no word of ours, and nor is it for the terminal.
heard = []
logging.getLogger().addHandler(type("Heard", (logging.Handler,), {"emit": lambda self, one: heard.append(one.name)})())


def umask():
    value = os.umask(0)
    os.umask(value)
    return value


def state():
    return {
        "root logger": (logging.getLogger().level, [type(one).__name__ for one in logging.getLogger().handlers]),
        "logging disabled": logging.root.manager.disable,
        "levels of loggers": {
            name: (one.level, len(one.handlers), one.propagate)
            for name, one in sorted(logging.root.manager.loggerDict.items())
            if isinstance(one, logging.Logger) and name in loggers
        },
        "loggers of vi_risk": [name for name in logging.root.manager.loggerDict if name.startswith("vi_risk")],
        "warnings": [str(one) for one in warnings.filters],
        "showwarning": repr(warnings.showwarning),
        "backend": matplotlib.get_backend(),
        "rcParams": str(dict(matplotlib.rcParams)),
        "numpy errors": np.geterr(),
        "numpy prints": str(np.get_printoptions()),
        "numpy draws": str(np.random.get_state()[1][:5]) + str(np.random.get_state()[2]),
        "python draws": str(random.getstate())[:200],
        "pandas": [str(pd.get_option(name)) for name in (
            "display.max_rows", "display.precision", "display.width", "mode.string_storage",
            "compute.use_numexpr", "plotting.backend",
        )],
        "environment": dict(os.environ),
        "umask": umask(),
        "folder": os.getcwd(),
        "locale": locale.setlocale(locale.LC_ALL),
        "decimal": str(decimal.getcontext()),
        "signals": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM)],
        "excepthook": (repr(sys.excepthook), repr(threading.excepthook)),
        "mlflow": (mlflow.get_tracking_uri(), mlflow.active_run() is None),
        "ibis": str(ibis.options),
        "sklearn": sklearn.get_config(),
        "threads of libraries": [
            one["num_threads"] for one in threadpoolctl.threadpool_info() if one["filepath"] in libraries
        ],
        "threads": sorted(one.name for one in threading.enumerate() if not one.daemon),
    }


loggers = set(logging.root.manager.loggerDict)
libraries = {one["filepath"] for one in threadpoolctl.threadpool_info()}
changed = {}
before = state()


def after(verb):
    global before
    now = state()
    changed[verb] = sorted(name for name in now if now[name] != before[name])
    before = now


import vi_risk
after("import")
for name in vi_risk.__all__:
    getattr(vi_risk, name)
after("every name")
vi_risk.write_trust("trust", patients=900, seed=1)
after("write_trust")
records = vi_risk.read_records("trust")
after("read_records")
catalogue = vi_risk.read_catalogue().only("age", "emergency_admissions", "long_term_conditions")
after("read_catalogue")
spec = vi_risk.load_spec().with_changes(
    companions=(), features={"exclude": (), "as_at_extract": ()},
    learner={"n_estimators": 10, "min_child_samples": 10, "min_events": 10, "num_threads": 1},
)
after("load_spec")
day = date(2025, 1, 1)
snapshots = vi_risk.build_features(records, spec, index_date=day, catalogue=catalogue)
after("build_features")
people = records.frame("patients").head(50).assign(index_date=day)
vi_risk.compute_features(records, people, catalogue=catalogue)
after("compute_features")
vi_risk.check_mapping("trust", None)
after("check_mapping")
vi_risk.data_dictionary()
after("data_dictionary")
vi_risk.admission_pathways(records, index_date=day)
after("admission_pathways")
model = vi_risk.train(snapshots, spec)
after("train")
vi_risk.evaluate(model, snapshots, capacity=5)
after("evaluate")
scores = vi_risk.score(model, snapshots)
after("score")
listed = vi_risk.choose(scores, snapshots)
after("choose")
reasons = vi_risk.explain(model, snapshots, listed["patient_id"].tolist())
after("explain")
lists = vi_risk.case_lists(scores, snapshots, reasons, spec=spec)
after("case_lists")
vi_risk.write_packs(lists, "packs")
after("write_packs")
own = scores[["patient_id", "risk"]]
vi_risk.lists_from_scores(own, list_date=day, title="ours", outcome="a fall")
after("lists_from_scores")
vi_risk.save_model(model, "model")
vi_risk.load_model("model")
after("save_model and load_model")
vi_risk.evaluate_risks(scores["risk"], (scores["rank"] % 7 == 0).astype(int), resamples=20)
after("evaluate_risks")
with open("changed.json", "w") as file:
    json.dump({"changed": changed, "heard": sorted({name for name in heard if name.startswith("vi_risk")})}, file)
"""


@pytest.mark.slow
def test_no_verb_prints_or_changes_anything_of_its_caller(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("caller")

    ended = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=folder, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    found = json.loads((folder / "changed.json").read_text())
    assert {verb: names for verb, names in found["changed"].items() if names} == {}
    assert found["heard"] == []
    assert {"train", "evaluate", "explain", "write_packs"} <= found["changed"].keys()
