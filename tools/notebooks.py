"""Check notebooks: ``python tools/notebooks.py RUN FOLDER NOTEBOOK ...``.

Each runs from top to bottom in a fresh kernel, and every output must be the
committed one, by nbval. What has passed leaves a mark in the folder, with the
name of this run; and it runs again when a file has changed that it read then.

Most of a short notebook's time would go into its start, which is the same for
all: nbval and the kernel import pytest, torch, pandas, matplotlib. So both are
forked from this process, which has imported these, but nothing of the project.
"""

import json
import multiprocessing
import os
import sys
import time
from importlib import import_module
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
DEPENDS = str(REPO / "tools" / "depends")
sys.path.insert(0, DEPENDS)
from files_read import files_read, watch  # noqa: E402

JOBS = int(os.environ.get("JOBS", 2))
PRELOADED = """ipykernel.kernelapp jupyter_client.provisioning matplotlib.pyplot
nbval.plugin pandas pytest torch"""
processes = multiprocessing.get_context("fork")


class Kernel:
    """A kernel that is forked ahead, for jupyter_client: a kind of Popen."""

    stdin = stdout = stderr = exit_code = None

    def __init__(self):
        end, self.orders = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.orders)
            self.begin(end)
            os._exit(0)
        os.close(end)
        os.setpgid(self.pid, self.pid)  # so that it can be ended alone

    @staticmethod
    def begin(end):
        """Wait for what to be; it is empty if the other end has gone."""
        with open(end, encoding="utf-8") as orders:
            told = orders.read()
        if told:
            arguments, settings, folder = json.loads(told)
            os.environ.clear()
            os.environ.update(settings)
            os.chdir(folder)
            from ipykernel.kernelapp import launch_new_instance

            launch_new_instance(argv=arguments)

    def launch(self, command, env, cwd, **_):
        """Let it begin; what jupyter_client calls instead of Popen."""
        told = [command[command.index("-f") :], dict(env), str(cwd)]
        with open(self.orders, "w", encoding="utf-8") as orders:
            json.dump(told, orders)
        return self

    def poll(self, how=os.WNOHANG):
        """Its exit code, or None while it runs."""
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code

    def wait(self):
        """Its exit code, once it has one."""
        return self.poll(0)


def check(notebook, mark):
    """Run one notebook: what a process of its own does."""
    os.environ["UNROLLED_DEPENDS"] = str(mark)
    log = os.open(f"{mark}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    watch(str(mark))
    kernel = Kernel()
    import nbval.plugin
    import pytest
    from jupyter_client.provisioning import local_provisioner

    local_provisioner.launch_kernel = kernel.launch
    arguments = ["--nbval", "--quiet", str(notebook)]
    sys.exit(pytest.main(arguments, plugins=[nbval.plugin]))


def is_due(mark, installed):
    """Whether there is no mark, or something has changed since."""
    if not mark.exists():
        return True
    made = mark.stat().st_mtime
    needed = [installed, *(REPO / name for name in files_read(mark))]
    return any(not f.exists() or f.stat().st_mtime > made for f in needed)


def begin(notebook, mark):
    """Start a notebook's process, with nothing left of its last run."""
    mark.parent.mkdir(parents=True, exist_ok=True)
    for old in (mark, Path(f"{mark}.log"), Path(f"{mark}.d")):
        old.unlink(missing_ok=True)
    process = processes.Process(target=check, args=(notebook, mark))
    process.start()
    return process.sentinel, (process, notebook, mark, time.time())


def end(run, process, notebook, mark, began):
    """Tell how it went, and mark what has passed: as of its beginning."""
    process.join()
    said = Path(f"{mark}.log").read_text(encoding="utf-8", errors="replace")
    if process.exitcode:
        return f"{said}\n{notebook} FAILED"
    mark.write_text(run + "\n", encoding="utf-8")
    os.utime(mark, (began, began))
    return f"{notebook}: {said.splitlines()[-1]}"


def main(run, folder, notebooks):
    """Run what is due; the exit code is 1 if anything failed."""
    marks = {n: Path(folder, n).with_suffix(".nbval") for n in notebooks}
    due = [n for n in notebooks if is_due(marks[n], Path(folder, "install"))]
    paths = [DEPENDS, *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ |= {
        "PYTHONPATH": os.pathsep.join(paths),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    # Elsewhere a process that has loaded such libraries may not be forked.
    if due and sys.platform == "linux":
        sys.modules["rfc3987_syntax"] = None  # as in the Makefile's BOOK
        for name in PRELOADED.split():
            import_module(name)
    running, told = {}, 0
    waiting = iter(due)
    while told < len(due):
        for notebook in islice(waiting, JOBS - len(running)):
            running |= [begin(notebook, marks[notebook])]
        for sentinel in wait(running):
            told += 1
            how = end(run, *running.pop(sentinel))
            print(f"{told}/{len(due)} {how}", flush=True)
    return not all(marks[n].exists() for n in notebooks)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
