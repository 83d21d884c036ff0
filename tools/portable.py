"""`make portable`: run all as other people's processors would."""

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory

REPO = Path(__file__).resolve().parent.parent
SLOW = ("pages", "explore", "site", "grading", "mutations")  # or of the pages
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
    """Run Python, showing what it prints; return whether it succeeded."""
    environment = os.environ | settings
    return run([sys.executable, *arguments], cwd=REPO, env=environment)


def run_tests(settings, jobs):
    """Run the tests; return how many suites, and the names of the failed."""
    without = (f"--ignore-glob=*/test_{name}.py" for name in SLOW)
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"-n{jobs}"]
    done = call([*pytest, "--doctest-modules", *without], settings)
    return 1, ["tests"] * bool(done.returncode)


def run_notebooks(settings, jobs):
    """Run all notebooks; return how many, and the names of the failed."""
    settings = settings | {"JOBS": str(jobs)}
    found = [
        str(path.relative_to(REPO))
        for folder in ("book", "solutions", "exercises")
        for path in sorted((REPO / folder).rglob("*.ipynb"))
        if path.parent.name != ".ipynb_checkpoints"
    ]
    with TemporaryDirectory() as marks:
        Path(marks, "install").touch()
        call(["tools/notebooks.py", "portable", marks, *found], settings)
        passed = [Path(marks, n).with_suffix(".nbval").exists() for n in found]
    return len(found), [
        n for n, ok in zip(found, passed, strict=True) if not ok
    ]


def main():
    """Run the chosen rows; the exit code is 1 if anything failed."""
    rows = {f"{p}-{n}": (p, n) for p in PROCESSORS for n in (1, 2)}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=rows, default=[*rows])
    parser.add_argument("--tests", action="store_true", help="no notebooks")
    parser.add_argument("--notebooks", action="store_true", help="no tests")
    told = parser.parse_args()
    parts = [run_tests] * (not told.notebooks)
    parts += [run_notebooks] * (not told.tests)
    table, anything = ["row      passed  of seconds  failed"], []
    for row in told.only:
        processor, threads = rows[row]
        settings = PROCESSORS[processor] | {"OMP_NUM_THREADS": str(threads)}
        print(f"{row}:", flush=True)
        start, jobs = time.monotonic(), max(1, os.cpu_count() // threads)
        failed = ["probe"] * bool(call(["-c", PROBE], settings).returncode)
        count = 0
        for part in parts:
            of, not_passed = part(settings, jobs)
            count, failed = count + of, failed + not_passed
        numbers = count - len(failed), count, time.monotonic() - start
        row = "{:8} {:6} {:3} {:7.0f}".format(row, *numbers)
        table.append(f"{row}  {' '.join(failed) or '-'}")
        anything += failed
    print("", *table, sep="\n")
    return bool(anything)


if __name__ == "__main__":
    sys.exit(main())
