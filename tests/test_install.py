"""That the small torch comes where it fits, and only there."""

import importlib.util
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "install.py"
PLAIN = {
    "is_installed": False,
    "has_own_sources": False,
    "has_nvidia_card": False,
    "answers": True,
}
CASES = {
    "is_installed": (True, ""),
    "has_own_sources": (True, "where your pip is set to look"),
    "has_nvidia_card": (True, "NVIDIA card"),
    "answers": (False, "does not answer"),
}


@pytest.fixture(name="tool")
def load_tool():
    """The program, as a module of this test's own."""
    spec = importlib.util.spec_from_file_location("install", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(name="calls")
def make_calls(tool, monkeypatch, tmp_path):
    """What pip is asked for; a Linux without card where the index answers."""
    calls = []

    def install(*arguments):
        calls.append(arguments)
        return 0

    for name, value in PLAIN.items():
        monkeypatch.setattr(tool, name, lambda *_, value=value: value)
    monkeypatch.setattr(tool, "install", install)
    monkeypatch.setattr(tool.sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "needed.txt").write_text("numpy==2.4.6\ntorch==2.13.0\n")
    (tmp_path / "more.txt").write_text("ruff==0.17.5\n")
    return calls


def asked_for(*files):
    listed = [part for file in files for part in ("--requirement", file)]
    return (*listed, "--constraint", "constraints.txt")


def test_the_cpu_build_comes_first_and_alone(tool, calls, capsys):
    assert tool.main(["needed.txt"]) == 0
    index = ("--index-url", tool.CPU_BUILDS)
    just_torch = ("torch==2.13.0", "--no-deps", *index)
    assert calls == [just_torch, asked_for("needed.txt")]
    assert "CPU build" in capsys.readouterr().out


@pytest.mark.parametrize("name", CASES)
def test_otherwise_pip_decides(name, tool, calls, monkeypatch, capsys):
    value, said = CASES[name]
    monkeypatch.setattr(tool, name, lambda *_: value)
    tool.main(["needed.txt"])
    assert calls == [asked_for("needed.txt")]
    assert said in capsys.readouterr().out


def test_other_systems_need_no_care(tool, calls, monkeypatch):
    monkeypatch.setattr(tool.sys, "platform", "darwin")
    tool.main(["needed.txt"])
    assert calls == [asked_for("needed.txt")]


def test_files_without_torch_ask_for_none(tool, calls):
    tool.main(["more.txt"])
    assert calls == [asked_for("more.txt")]


def test_an_index_that_fails_is_made_good_by_the_other(
    tool, calls, monkeypatch, capsys
):
    monkeypatch.setattr(tool, "install", lambda *a: calls.append(a) or 1)
    assert tool.main(["needed.txt"]) == 1  # what the second call says
    assert calls[1] == asked_for("needed.txt")
    assert "That failed" in capsys.readouterr().out


class Page(BaseHTTPRequestHandler):
    """Answers with the number that is asked for."""

    def do_GET(self):
        """Called by its name in the library."""
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *arguments):
        """Stay silent."""


def test_a_page_that_is_there_answers(tool):
    with HTTPServer(("localhost", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = partial("http://localhost:{}/{}/".format, server.server_port)
        assert tool.answers(page(200))
        assert not tool.answers(page(404))
        server.shutdown()


def test_a_page_that_lets_one_wait_does_not_answer(tool, monkeypatch):
    monkeypatch.setattr(tool, "SECONDS", 0.2)
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
        assert not tool.answers(f"http://localhost:{port}/200/")


def test_a_page_that_nobody_serves_does_not_answer(tool):
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    assert not tool.answers(f"http://localhost:{port}/200/")


@pytest.mark.parametrize(
    "variable", [None, "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"]
)
def test_sources_that_were_set_are_seen(variable, tool, monkeypatch):
    for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # no file is read
    if variable:
        monkeypatch.setenv(variable, "https://example.org/simple")
    assert tool.has_own_sources() == (variable is not None)


def test_an_installed_version_is_known(tool):
    assert tool.is_installed("pytest", pytest.__version__)
    assert not tool.is_installed("pytest", "1.0")
    assert not tool.is_installed("no-such-package", "1.0")
