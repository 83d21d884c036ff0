"""The recorded runs, from a terminal: see them, and carry them out.

python -m unrolled_lab list
python -m unrolled_lab run published cells
python -m unrolled_lab run all --only seed0
python -m unrolled_lab forecasters
"""

import argparse
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any, get_args

from joblib import Parallel, delayed

from unrolled._checks import check_int, insist
from unrolled_lab.catalogue import CATALOGUE, estimate, runs_of
from unrolled_lab.files import RunFiles, results_folder
from unrolled_lab.forecasters import SEEDS, Plan, Series, save_forecasters
from unrolled_lab.probes import save_probes
from unrolled_lab.rolling import CASES, save_rolling
from unrolled_lab.sweeps import Backend, sweep


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: the command line, without the program's name; default: that
            of this process.

    Returns:
        The exit status: 0 if all is well, 1 if a run failed, 2 if the command
        cannot be understood, 130 if stopped by Ctrl+C.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.act(options)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130


def _list(options: argparse.Namespace) -> int:
    """Show the experiments, what of them is done, how long they take."""
    folder = results_folder(options.results)
    total = 0.0
    print(f"{'experiment':<17} {'done':>9} {'core hours':>11}  what")
    for name, make in CATALOGUE.items():
        runs = make()
        done = sum(RunFiles(run, folder).record.is_file() for run in runs)
        hours = sum(map(estimate, runs)) / 3600
        total += hours if name != "trial" else 0
        what = (make.__doc__ or "").splitlines()[0]
        print(f"{name:<17} {done:>3} of {len(runs):>2} {hours:>11.1f}  {what}")
    print(
        f"{'all':<17} {'':>9} {total:>11.1f}  all but trial; "
        f"{total / 2:.1f} hours with --jobs 2 on two cores"
    )
    return 0


def _run(options: argparse.Namespace) -> int:
    """Carry out the runs that are not done yet; go on where it was stopped."""
    folder = results_folder(options.results, create=True)
    asked = [run for name in options.experiments for run in runs_of(name)]
    runs = [*dict.fromkeys(run for run in asked if options.only in run.name)]
    wanted = f"a part of a run's name, such as {asked[0].name}"
    insist("--only", runs != [], wanted, options.only)
    names = ("jobs", "threads", "backend", "scheduler", "progress")
    outcomes = sweep(
        runs, folder, **{name: getattr(options, name) for name in names}
    )
    counts = Counter(outcome.status for outcome in outcomes)
    print(
        f"{len(outcomes)} runs: {counts['done']} done, "
        f"{counts['found']} already there, {counts['failed']} failed"
    )
    for experiment, name, status, error in outcomes:
        if status == "failed":
            print(f"failed: {experiment}/{name}: {error}", file=sys.stderr)
    if counts["failed"]:
        print("The same command tries them again.", file=sys.stderr)
    return 1 if counts["failed"] else 0


def _forecasters(options: argparse.Namespace) -> int:
    """Train the networks of chapters 11 and 13 that are not there."""
    jobs = check_int("jobs", options.jobs)
    folder = results_folder(options.results, create=True)
    small, real = delayed(save_forecasters), delayed(save_rolling)
    kinds = product(get_args(Plan), get_args(Series), SEEDS)
    calls = [small(series, seed, folder, plan) for plan, series, seed in kinds]
    calls += [real(*each, folder) for each in product(CASES, SEEDS)]
    trained = [bool(each) for each in Parallel(n_jobs=jobs)(calls) or []]
    print(f"forecasters: {sum(trained)} of {len(trained)} trained now")
    return 0


def _probes(options: argparse.Namespace) -> int:
    """Read the first input from the states of `published`."""
    folder = results_folder(options.results, create=True)
    seeds = [run.seed for run in runs_of("published")]
    probed = [save_probes(seed, folder) for seed in seeds]
    print(f"probes: {sum(probed)} of {len(probed)} seeds measured now")
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m unrolled_lab",
        description="The recorded runs behind the chapters.",
    )
    commands = parser.add_subparsers(required=True)
    where = "where the records are (results in the repository)"
    for act in (_list, _run, _forecasters, _probes):
        name = act.__name__.removeprefix("_")
        command = commands.add_parser(name, help=act.__doc__)
        command.set_defaults(act=act)
        add = command.add_argument
        add("--results", type=Path, metavar="FOLDER", help=where)
        if act in (_run, _forecasters):
            add("--jobs", type=int, default=2, help="processes (2)")
        if act is not _run:
            continue
        which = "an experiment, or all: " + ", ".join(CATALOGUE)
        names: Any = {"nargs": "+", "metavar": "NAME", "help": which}
        add("experiments", choices=[*CATALOGUE, "all"], **names)
        some = "only runs whose name has this part, such as seed0"
        add("--only", default="", metavar="PART", help=some)
        threads = "threads in each process (1)"
        add("--threads", type=int, default=1, help=threads)
        where = "loky: processes on this machine; dask, ray: a cluster"
        add("--backend", default="loky", choices=get_args(Backend), help=where)
        cluster = "a Dask or Ray cluster; without it, one is started here"
        add("--scheduler", metavar="ADDRESS", help=cluster)
        yes_no = argparse.BooleanOptionalAction
        add("--progress", action=yes_no, default=True, help="show a bar")
    return parser


if __name__ == "__main__":
    sys.exit(main())
