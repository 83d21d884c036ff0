"""Run tests and notebooks as other people's processors would.

Environment variables make PyTorch, oneDNN, MKL and OpenBLAS calculate as on
older processors, in other orders and without fused multiplication. Each row of
the printed table is one such processor. Each says how its sums round, by a
fingerprint: two rows of one fingerprint are one test done twice.

    python tests/portable.py --only sse4-1 --notebooks
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
FOLDERS = ("book", "solutions", "exercises")
# Slow, and about other things than numbers.
LEFT_OUT = ("test_pages.py", "test_grading.py", "test_mutations.py")

PROCESSORS = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # heeded on Intel's processors
        "MKL_CBWR": "AVX2",  # and this on all
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
found = (*(each.numpy() for each in (a @ a, a.exp())), b @ b, numpy.exp(b))
told = b"".join(each.tobytes() for each in found)
print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads(),
      "thread(s), fingerprint", hashlib.sha256(told).hexdigest()[:6])
"""


def call(arguments, settings):
    """Run Python; return whether it succeeded, and what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPO,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    return done.returncode == 0, done.stdout + done.stderr


def suites(tests, notebooks):
    """Name each run of pytest, and give its arguments; the longest first."""
    if tests:
        left_out = [f"--ignore-glob=*/{name}" for name in LEFT_OUT]
        yield "tests", ["--doctest-modules", *left_out]
    for path in (p for f in FOLDERS for p in (REPO / f).rglob("*.ipynb")):
        if notebooks and ".ipynb_checkpoints" not in path.parts:
            yield str(path.relative_to(REPO)), ["--nbval", str(path)]


def run_row(settings, todo, jobs):
    """Run all of a row, and tell of each; return the names that failed."""
    failed, pytest = [], ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
    with ThreadPoolExecutor(jobs) as pool:
        runs = {pool.submit(call, pytest + todo[n], settings): n for n in todo}
        for count, run in enumerate(as_completed(runs), 1):
            passed, told = run.result()
            print(f"  {count}/{len(runs)} {runs[run]}", end=" ")
            print("passed" if passed else f"FAILED\n{told}", flush=True)
            failed += [] if passed else [runs[run]]
    return failed


def main():
    """Run the chosen rows; the exit code is 1 if anything failed."""
    rows = {f"{p}-{n}": (p, n) for p in PROCESSORS for n in (1, 2)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=rows, default=[*rows])
    parser.add_argument("--tests", action="store_true", help="no notebooks")
    parser.add_argument("--notebooks", action="store_true", help="no tests")
    told = parser.parse_args()
    all_of_it = told.tests == told.notebooks
    todo = dict(suites(all_of_it or told.tests, all_of_it or told.notebooks))
    table = ["row      passed  of  minutes  failed"]
    for row in told.only:
        processor, threads = rows[row]
        settings = PROCESSORS[processor] | {"OMP_NUM_THREADS": str(threads)}
        print(f"{row}: {call(['-c', PROBE], settings)[1].strip()}", flush=True)
        start = time.monotonic()
        failed = run_row(settings, todo, max(1, os.cpu_count() // threads))
        passed, took = len(todo) - len(failed), time.monotonic() - start
        numbers = f"{passed:6} {len(todo):3} {took / 60:8.1f}"
        table.append(f"{row:8} {numbers}  {' '.join(failed) or '-'}")
    print("", *table, sep="\n")
    return any(not line.endswith("-") for line in table[1:])


if __name__ == "__main__":
    sys.exit(main())
