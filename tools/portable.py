"""`make portable`: run all as other people's processors would."""

import argparse
import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from subprocess import PIPE, STDOUT, run

REPO = Path(__file__).resolve().parent.parent
SLOW = ("pages", "explore", "grading", "mutations")  # and of other things
# Older processors sum in other orders, and without fused multiplication.
PROCESSORS = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # by Intel's processors alone
        "MKL_CBWR": "AVX2",  # by all
    },
    "sse4": {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "Nehalem",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "MKL_CBWR": "COMPATIBLE",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4",
    },
}
if platform.machine() not in ("x86_64", "AMD64"):
    PROCESSORS = {"own": {}}  # the variables name instructions of x86

PROBE = """
import hashlib, numpy, torch
a = torch.rand(99, 99, generator=torch.Generator().manual_seed(0)) - 0.5
b = a.double().numpy()
found = ((a @ a).numpy(), a.exp().numpy(), b @ b, numpy.exp(b))
told = hashlib.sha256(b"".join(each.tobytes() for each in found)).hexdigest()
print(torch.backends.cpu.get_cpu_capability(), "fingerprint", told[:6])
"""


def call(arguments, settings):
    """Run Python; return whether it succeeded, and what it printed."""
    kept = {"cwd": REPO, "env": os.environ | settings, "stderr": STDOUT}
    done = run([sys.executable, *arguments], stdout=PIPE, text=True, **kept)
    return done.returncode == 0, done.stdout


def suites(tests, notebooks):
    """Name each run of pytest, and give its arguments; the longest first."""
    if tests or not notebooks:
        without = (f"--ignore-glob=*/test_{name}.py" for name in SLOW)
        yield "tests", ["--doctest-modules", *without]
    if notebooks or not tests:
        for folder in ("book", "solutions", "exercises"):
            for path in sorted((REPO / folder).rglob("*.ipynb")):
                if path.parent.name != ".ipynb_checkpoints":
                    yield str(path.relative_to(REPO)), ["--nbval", str(path)]


def run_row(settings, todo, jobs):
    """Run all of a row, and tell of each; return the names that failed."""
    failed, pytest = [], ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(call, pytest + todo[n], settings): n for n in todo}
        for count, one in enumerate(as_completed(runs), 1):
            passed, told = one.result()
            said = "passed" if passed else f"FAILED\n{told}"
            print(f"  {count}/{len(runs)} {runs[one]} {said}", flush=True)
            failed += [] if passed else [runs[one]]
    return failed


def main():
    """Run the chosen rows; the exit code is 1 if anything failed."""
    rows = {f"{p}-{n}": (p, n) for p in PROCESSORS for n in (1, 2)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=rows, default=[*rows])
    parser.add_argument("--tests", action="store_true", help="no notebooks")
    parser.add_argument("--notebooks", action="store_true", help="no tests")
    told = parser.parse_args()
    todo = dict(suites(told.tests, told.notebooks))
    table, anything = ["row      passed  of seconds  failed"], []
    for row in told.only:
        processor, threads = rows[row]
        settings = PROCESSORS[processor] | {"OMP_NUM_THREADS": str(threads)}
        is_there, said = call(["-c", PROBE], settings)
        print(f"{row}: {said.strip()}", flush=True)
        start = time.monotonic()
        failed = run_row(settings, todo, max(1, os.cpu_count() // threads))
        anything += failed if is_there else [*failed, "probe"]
        numbers = len(todo) - len(failed), len(todo), time.monotonic() - start
        row = "{:8} {:6} {:3} {:7.0f}".format(row, *numbers)
        table.append(f"{row}  {' '.join(failed) or '-'}")
    print("", *table, sep="\n")
    return bool(anything)


if __name__ == "__main__":
    sys.exit(main())
