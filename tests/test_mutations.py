"""That the checks bite: break the package, and something must notice.

Each mutation is made in a copy of the package. The check named beside it, a
file of unit tests or a notebook run by nbval, must fail on the copy that is
broken, and pass on a copy that is not.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

import unrolled

REPO = Path(__file__).resolve().parent.parent
SRC = Path(unrolled.__file__).parent.parent
PACKAGES = ("unrolled", "unrolled_book", "unrolled_lab")
AT_ONCE = 2  # processes

pytestmark = pytest.mark.mutation

CELL = "tests/test_numpy_lstm.py"
JACOBIAN = "tests/test_numpy_jacobian.py"
RNN = "tests/test_numpy_rnn.py"
TRAINING = "tests/test_training.py"
TRAIN = "tests/test_numpy_train.py"
DATA = "tests/test_data.py"
CLAIMS = "tests/test_claims.py"
ERRORS = "tests/test_errors.py"
TORCH_CELL = "tests/test_cell.py"
RECURRENT = "tests/test_recurrent.py"
LSTM = "tests/test_lstm.py"
MODELS = "tests/test_models.py"
TASKS = "tests/test_tasks.py"
FIT = "tests/test_train.py"
CHECKPOINT = "tests/test_checkpoint.py"
GATES = "tests/test_gates.py"
FORECAST = "tests/test_forecast.py"
SERIES = "tests/test_series.py"
CAUSAL = "tests/test_transformer.py"
FORWARD = "book/02_forward.ipynb"
ONE_WEIGHT = "book/03_one_weight.ipynb"
BPTT = "book/04_bptt.ipynb"


class Mutation(NamedTuple):
    """One way to break the package, and who must notice."""

    file: str
    old: str
    new: str
    check: str


MUTATIONS = {
    # The step forward
    "forget term subtracted": Mutation(
        "unrolled/by_hand/lstm.py",
        "c = f * c_prev + i * g",
        "c = i * g - f * c_prev",
        CELL,
    ),
    "i and f swapped": Mutation(
        "unrolled/by_hand/lstm.py",
        "z_i, z_f, z_g, z_o = np.split",
        "z_f, z_i, z_g, z_o = np.split",
        CELL,
    ),
    "tanh for the output gate": Mutation(
        "unrolled/by_hand/lstm.py",
        "np.tanh(z_g), sigmoid(z_o)",
        "np.tanh(z_g), np.tanh(z_o)",
        FORWARD,
    ),
    "sigmoid too steep": Mutation(
        "unrolled/by_hand/lstm.py",
        "np.tanh(0.5 * ",
        "np.tanh(1.0 * ",
        CELL,
    ),
    "cell state not carried on": Mutation(
        "unrolled/by_hand/lstm.py",
        "h, c = cache.h, cache.c",
        "h = cache.h",
        CELL,
    ),
    # The step backward
    "error does not enter the cell": Mutation(
        "unrolled/by_hand/lstm.py",
        "dc = dc + dh * o * (1 - tanh_c**2)",
        "dc = dc + dh * 0",
        CELL,
    ),
    "incoming cell gradient dropped": Mutation(
        "unrolled/by_hand/lstm.py",
        "dc = dc + dh * o * (1 - tanh_c**2)",
        "dc = dh * o * (1 - tanh_c**2)",
        CELL,
    ),
    "forget gate's slope lost": Mutation(
        "unrolled/by_hand/lstm.py",
        "dz_f = dc * c_prev * f * (1 - f)",
        "dz_f = dc * c_prev",
        ONE_WEIGHT,
    ),
    "cell gradient not forgotten": Mutation(
        "unrolled/by_hand/lstm.py",
        "return dx, dh_prev, dc * f, grads",
        "return dx, dh_prev, dc, grads",
        ONE_WEIGHT,
    ),
    "h after the step for h before it": Mutation(
        "unrolled/by_hand/lstm.py",
        '"weight_hh": dz.T @ h_prev',
        '"weight_hh": dz.T @ cache.h',
        CELL,
    ),
    "bias gradient averaged": Mutation(
        "unrolled/by_hand/lstm.py",
        "dz.sum(axis=0)",
        "dz.mean(axis=0)",
        CELL,
    ),
    # Through time
    "own error not added": Mutation(
        "unrolled/by_hand/lstm.py",
        "dhs[:, t] + dh, dc, caches[t], params",
        "dh, dc, caches[t], params",
        CELL,
    ),
    "later errors not carried back": Mutation(
        "unrolled/by_hand/lstm.py",
        "dhs[:, t] + dh, dc, caches[t], params",
        "dhs[:, t], dc, caches[t], params",
        ONE_WEIGHT,
    ),
    "window one too long": Mutation(
        "unrolled/by_hand/lstm.py",
        "max(0, t + 1 - window)",
        "max(0, t - window)",
        ONE_WEIGHT,
    ),
    "window one too short": Mutation(
        "unrolled/by_hand/lstm.py",
        "max(0, t + 1 - window)",
        "min(t, max(0, t + 2 - window))",
        CELL,
    ),
    # The gradient taken apart
    "an error forgets its cell gradient": Mutation(
        "unrolled/by_hand/paths.py",
        "_, dh, dc, grads = _step_backward(",
        "_, dh, _, grads = _step_backward(",
        JACOBIAN,
    ),
    "output gate's paths counted twice": Mutation(
        "unrolled/by_hand/paths.py",
        '"o": (dh * np.tanh(c) * o * (1 - o)) @ U["o"],',
        '"o": 2 * (dh * np.tanh(c) * o * (1 - o)) @ U["o"],',
        JACOBIAN,
    ),
    "parts of i and f swapped": Mutation(
        "unrolled/by_hand/paths.py",
        'zip("ifgo", np.split(',
        'zip("figo", np.split(',
        BPTT,
    ),
    # The plain RNN, clipping, the readout
    "slope of tanh lost on the way back": Mutation(
        "unrolled/by_hand/rnn.py",
        "dz = (dhs[:, t] + dh) * (1 - hs[:, t] ** 2)",
        "dz = dhs[:, t] + dh",
        RNN,
    ),
    "slope of the step before": Mutation(
        "unrolled/by_hand/rnn.py",
        "step = (1 - hs[:, t + 1] ** 2)",
        "step = (1 - hs[:, t] ** 2)",
        RNN,
    ),
    "clipping that lengthens": Mutation(
        "unrolled/by_hand/training.py",
        "factor = min(1.0, max_norm / (norm + 1e-6))",
        "factor = max_norm / (norm + 1e-6)",
        RNN,
    ),
    "readout's bias of the last step only": Mutation(
        "unrolled/by_hand/training.py",
        '"bias": errors.sum(axis=(0, 1))',
        '"bias": errors[:, -1].sum(axis=0)',
        TRAINING,
    ),
    # The first parameters
    "bias opens the input gate": Mutation(
        "unrolled/by_hand/lstm.py",
        "bias[H : 2 * H] = forget_bias",
        "bias[:H] = forget_bias",
        CELL,
    ),
    "weights drawn too small": Mutation(
        "unrolled/by_hand/lstm.py",
        "bound = 1 / np.sqrt(H)",
        "bound = 1 / H",
        CELL,
    ),
    # The layers in PyTorch
    "peephole looks at the old state": Mutation(
        "unrolled/cells.py",
        "        c = f * c + i * g\n        o = (z_o + p_o * c).sigmoid()\n",
        "        o = (z_o + p_o * c).sigmoid()\n        c = f * c + i * g\n",
        TORCH_CELL,
    ),
    "update gate the wrong way round": Mutation(
        "unrolled/cells.py",
        "return ((1 - z) * n + z * h,)",
        "return (z * n + (1 - z) * h,)",
        TORCH_CELL,
    ),
    "bias opens the input gate of the cell": Mutation(
        "unrolled/lstm.py",
        "self._add_to_bias(1, forget_bias)",
        "self._add_to_bias(0, forget_bias)",
        TORCH_CELL,
    ),
    "second direction not reversed": Mutation(
        "unrolled/recurrent.py",
        "in_order = ends.reverse if direction else _as_it_is",
        "in_order = _as_it_is",
        RECURRENT,
    ),
    "state one step past the end": Mutation(
        "unrolled/recurrent.py",
        "return [s[self.rows, self.lengths - 1] for s in states]",
        "return [s[self.rows, -1] for s in states]",
        RECURRENT,
    ),
    "what is kept not enlarged": Mutation(
        "unrolled/recurrent.py",
        "return x * is_kept / (1 - self.dropout)",
        "return x * is_kept",
        RECURRENT,
    ),
    "cell gradient not forgotten in the fast loop": Mutation(
        "unrolled/lstm.py",
        "            dc *= f\n",
        "",
        LSTM,
    ),
    "candidate between 0 and 1": Mutation(
        "unrolled/lstm.py",
        "            g.tanh_()\n",
        "            g.sigmoid_()\n",
        LSTM,
    ),
    "states a step late for the gradient": Mutation(
        "unrolled/lstm.py",
        "_sum_of_products(dzs, hs[:-1])",
        "_sum_of_products(dzs, hs[1:])",
        LSTM,
    ),
    # Models, tasks, training in PyTorch
    "state of the wrong layer": Mutation(
        "unrolled/models/heads.py",
        "h[-self._states_read :]",
        "h[: self._states_read]",
        MODELS,
    ),
    "every bracket opens": Mutation(
        "unrolled/tasks/tagging.py",
        "is_open = seen % 2 == 1",
        "is_open = seen % 2 >= 0",
        TASKS,
    ),
    "learning rate never falls": Mutation(
        "unrolled/train/loop.py",
        "        self.scheduler.step()\n",
        "",
        FIT,
    ),
    "a checkpoint may hold code": Mutation(
        "unrolled/train/checkpoint.py",
        "weights_only=True",
        "weights_only=False",
        CHECKPOINT,
    ),
    # The data
    "sample standard deviation": Mutation(
        "unrolled/data.py",
        "series.std())",
        "series.std(ddof=1))",
        DATA,
    ),
    "undo forgets the mean": Mutation(
        "unrolled/data.py",
        "* self.std + self.mean",
        "* self.std",
        DATA,
    ),
    "each value its own target": Mutation(
        "unrolled/data.py",
        "series[None, 1:, None]",
        "series[None, :-1, None]",
        DATA,
    ),
    "another seed": Mutation(
        "unrolled/data.py",
        "RandomState(42).randn",
        "RandomState(43).randn",
        FORWARD,
    ),
    "weights twice as large": Mutation(
        "unrolled/data.py",
        "0.1 * np.random",
        "0.2 * np.random",
        DATA,
    ),
    "weights of h and x swapped": Mutation(
        "unrolled/data.py",
        '"weight_ih": packed[:, 1:],\n        "weight_hh": packed[:, :1],',
        '"weight_ih": packed[:, :1],\n        "weight_hh": packed[:, 1:],',
        DATA,
    ),
    "gates packed f, i": Mutation(
        "unrolled/data.py",
        "np.stack([i, f, g, o])",
        "np.stack([f, i, g, o])",
        FORWARD,
    ),
    # Training
    "factor 2 lost": Mutation(
        "unrolled/by_hand/training.py",
        "2 * weight * error",
        "weight * error",
        ONE_WEIGHT,
    ),
    "first step for the last": Mutation(
        "unrolled/by_hand/training.py",
        '"last": np.eye(T)[:, -1:]',
        '"last": np.eye(T)[:, :1]',
        TRAIN,
    ),
    "uphill": Mutation(
        "unrolled/by_hand/training.py",
        "params[name] - self.lr * grads[name]",
        "params[name] + self.lr * grads[name]",
        TRAIN,
    ),
    "learning rate ignored": Mutation(
        "unrolled/by_hand/training.py",
        "params[name] - self.lr * grads[name]",
        "params[name] - grads[name]",
        TRAIN,
    ),
    "Adam's bias correction lost": Mutation(
        "unrolled/by_hand/training.py",
        "m_hat = m / (1 - beta_1**self._updates)",
        "m_hat = m",
        TRAIN,
    ),
    # The ledger and the errors
    "check that never fails": Mutation(
        "unrolled_book/claims.py",
        "if not in_range:",
        "if False:",
        CLAIMS,
    ),
    "verdicts not held against ranges": Mutation(
        "unrolled_book/claims.py",
        "if not fits[self.verdict]:",
        "if False:",
        CLAIMS,
    ),
    "range moved by two millionths": Mutation(
        "unrolled_book/claims.toml",
        "[[1.906818, 1.906820]]",
        "[[1.906820, 1.906822]]",
        ONE_WEIGHT,
    ),
    "tolerance that hides a slip": Mutation(
        "unrolled_book/claims.toml",
        "expected = [0.4900, 0.9347]\ntolerance = 5e-5",
        "expected = [0.4900, 0.9347]\ntolerance = 5e-3",
        ONE_WEIGHT,
    ),
    "a digit of the claim": Mutation(
        "unrolled_book/claims.toml",
        "∂L/∂f = 0.0191.",
        "∂L/∂f = 0.0192.",
        ONE_WEIGHT,
    ),
    "NaN let through": Mutation(
        "unrolled/_checks.py",
        "if not np.isfinite(array).all():",
        "if False:",
        ERRORS,
    ),
    # Looking at gates
    "the first step's gate in the carousel": Mutation(
        "unrolled/gates/statistics.py",
        "torch.cat([f[:, 1:], torch.ones_like(f[:, :1])], dim=1)",
        "torch.cat([torch.ones_like(f[:, :1]), f[:, 1:]], dim=1)",
        GATES,
    ),
    "a probe scored on what it was fitted on": Mutation(
        "unrolled/gates/probes.py",
        "first, second = A[:n, t], A[n:, t]",
        "first, second = A[:n, t], A[:n, t]",
        GATES,
    ),
    "a clamped cell state not handed on": Mutation(
        "unrolled/lstm.py",
        'c = change("c", f * c + i * g)',
        "c = f * c + i * g",
        GATES,
    ),
    "a cut that cuts the other state": Mutation(
        "unrolled/gates/interventions.py",
        'h = h.detach() if (layer, "h") in cut else h',
        'h = h.detach() if (layer, "c") in cut else h',
        GATES,
    ),
    # Running free, and beyond
    "forecasts that are read pass gradients on": Mutation(
        "unrolled/models/forecast.py",
        "torch.where(is_own, said[-1].detach(),",
        "torch.where(is_own, said[-1],",
        FORECAST,
    ),
    "a best forecast that never forgets": Mutation(
        "unrolled/tasks/oscillations.py",
        "most = T if memory is None else check_whole",
        "most = T if memory is None else T + 0 * check_whole",
        SERIES,
    ),
    "an output gate that peeps at the old cell state": Mutation(
        "unrolled/cell.py",
        "c = f * c + i * g\n        o = (z_o + p_o * c).sigmoid()",
        "o = (z_o + p_o * c).sigmoid()\n        c = f * c + i * g",
        TORCH_CELL,
    ),
    "a cell state that is not normalised": Mutation(
        "unrolled/cell.py",
        "h = o * self.norm_c(c).tanh()",
        "h = o * c.tanh()",
        TORCH_CELL,
    ),
    "a cache of values in another order": Mutation(
        "unrolled/models/transformer.py",
        "v = torch.cat([kept[1], v], dim=2)",
        "v = torch.cat([v, kept[1]], dim=2)",
        CAUSAL,
    ),
}
CHECKS = sorted({mutation.check for mutation in MUTATIONS.values()})


def copy_package(folder, mutation=None):
    """Copy the packages into a folder, broken if so told."""
    for package in PACKAGES:
        shutil.copytree(
            SRC / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    if mutation:
        path = folder / mutation.file
        text = path.read_text(encoding="utf-8")
        text = text.replace(mutation.old, mutation.new)
        path.write_text(text, encoding="utf-8")
    return folder


def python(folder, *arguments):
    """Run Python where the package comes from this folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPO,
        env=os.environ
        | {
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "JUPYTER_PREFER_ENV_PATH": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def run_check(folder, check):
    """Run a check on the package in this folder."""
    nbval = ["--nbval"] * str(check).endswith(".ipynb")
    pytest_ = ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return python(folder, *pytest_, *nbval, str(check))


@pytest.fixture(scope="session", name="outcome")
def make_outcome(tmp_path_factory):
    """What each check says of each copy: started together, two at a time."""

    def start(name, check, mutation=None):
        folder = tmp_path_factory.mktemp("copy")
        copy_package(folder, mutation)
        outcomes[name] = pool.submit(run_check, folder, check)

    outcomes = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for check in CHECKS:
            start(check, check)
        for name, mutation in MUTATIONS.items():
            start(name, mutation.check, mutation)
        yield lambda name: outcomes[name].result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_changes_one_place(name):
    mutation = MUTATIONS[name]
    text = (SRC / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    assert mutation.old != mutation.new


@pytest.mark.parametrize("check", CHECKS)
def test_check_passes_on_an_unbroken_copy(check, outcome):
    run = outcome(check)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_noticed(name, outcome):
    run = outcome(name)
    # 1: tests failed. Anything above would mean that they did not run.
    assert run.returncode == 1, run.stdout + run.stderr
    assert " failed" in run.stdout


def test_tests_import_the_copy(tmp_path):
    copy = copy_package(tmp_path)
    run = python(tmp_path, "-c", "import unrolled; print(unrolled.__file__)")
    assert run.stdout.strip() == str(copy / "unrolled" / "__init__.py"), (
        run.stderr
    )


@pytest.mark.parametrize("imported", ["copy", "original"])
def test_notebooks_import_the_copy(imported, tmp_path):
    homes = {"copy": copy_package(tmp_path), "original": SRC}
    printed = f"{homes[imported] / 'unrolled' / '__init__.py'}\n"
    cell = new_code_cell(
        "import unrolled\n\nprint(unrolled.__file__)",
        outputs=[new_output("stream", name="stdout", text=printed)],
        execution_count=1,
    )
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    path = tmp_path / "where.ipynb"
    nbformat.write(new_notebook(cells=[cell], metadata=kernel), path)
    run = run_check(tmp_path, path)
    assert run.returncode == (0 if imported == "copy" else 1), run.stdout
