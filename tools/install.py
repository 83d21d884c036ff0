"""Install what requirements files list, with the small torch where that fits.

PyTorch's package on PyPI brings some gigabytes of GPU libraries to every Linux.
Without an NVIDIA card they are of no use; so torch then comes first, and alone,
from PyTorch's own index of CPU builds, if that answers. Who has set pip to
other sources has done so on purpose, and is left alone.

Run by make, with the Python of the environment that is filled:
``python tools/install.py FILE [FILE ...]``.
"""

import contextlib
import re
import shutil
import subprocess
import sys
import threading
import urllib.request
from importlib import metadata
from pathlib import Path

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
SECONDS = 3  # as long as one waits for the index
SOURCES = re.compile(r"\.(index-url|extra-index-url|find-links|no-index)=")


def say(text: str) -> None:
    """Tell the reader, at once."""
    print(f"  {text}", flush=True)


def pip(*arguments: str) -> list[str]:
    """Make a command for pip."""
    program = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    return [*program, *arguments]


def install(*arguments: str) -> int:
    """Let pip install, showing the large downloads; return its exit code.

    It need not compile: Python compiles what is loaded, and most never is.
    """
    command = pip("install", "--no-compile", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if re.search(r"Downloading .*\((\d{2,}\.\d|\d{3,}) MB\)", line):
                say(line.strip())
            elif line.startswith("Installing collected packages"):
                say(f"Unpacking {line.count(',') + 1} packages")
    return run.returncode


def has_nvidia_card() -> bool:
    """Whether there is a driver for one: what a CUDA build needs."""
    driver = Path("/proc/driver/nvidia/version")
    return driver.exists() or shutil.which("nvidia-smi") is not None


def has_own_sources() -> bool:
    """Whether pip has been told where to look, by a file or a variable."""
    told = subprocess.run(
        pip("config", "list"), capture_output=True, text=True, check=False
    )
    return SOURCES.search(told.stdout) is not None


def answers(page: str) -> bool:
    """Whether a page can be had in time, however slow the look-up of names."""
    found = []

    def ask() -> None:
        with (
            contextlib.suppress(OSError, ValueError),
            urllib.request.urlopen(page, timeout=SECONDS) as answer,
        ):
            found.append(answer.status)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(SECONDS)
    return found == [200]


def is_installed(package: str, version: str) -> bool:
    """Whether this version is there, in whatever build."""
    try:
        return metadata.version(package).split("+")[0] == version
    except metadata.PackageNotFoundError:
        return False


def install_torch(version: str) -> None:
    """Install the CPU build of torch if that is what this computer needs."""
    if not sys.platform.startswith("linux") or is_installed("torch", version):
        return
    if has_own_sources():
        say("torch comes from where your pip is set to look.")
    elif has_nvidia_card():
        say("There is an NVIDIA card: torch comes with its GPU libraries (GB).")
    elif not answers(f"{CPU_BUILDS}/torch/"):
        say(
            "The index of torch's small CPU builds does not answer: the "
            "ordinary torch comes, some GB, most of it for GPUs."
        )
    else:
        say("No NVIDIA card here: torch comes as its CPU build, 200 MB.")
        just_torch = [f"torch=={version}", "--no-deps"]
        if install(*just_torch, "--index-url", CPU_BUILDS) != 0:
            say("That failed: the ordinary torch comes, some GB.")


def main(files: list[str]) -> int:
    """Install what these files list, within the pins of constraints.txt."""
    text = "\n".join(Path(file).read_text(encoding="utf-8") for file in files)
    if torch := re.search(r"^torch==(\S+)", text, re.MULTILINE):
        install_torch(torch[1])
    listed = [part for file in files for part in ("--requirement", file)]
    return install(*listed, "--constraint", "constraints.txt")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
