"""That the small torch comes where it fits, and only there."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import notebooks

PLAIN = dict.fromkeys(("is_installed", "has_own_sources", "has_nvidia_card"))
PLAIN |= {"answers": True}
CASES = {
    "is_installed": (True, ""),
    "has_own_sources": (True, "where your pip is set to look"),
    "has_nvidia_card": (True, "NVIDIA card"),
    "answers": (False, "does not answer"),
}
MORE = "--requirement needed.txt --constraint constraints.txt"
TORCH_AND_MORE = (*MORE.split(),)


@pytest.fixture(name="tool")
def load_tool():
    """The program, as a module of this test's own."""
    return notebooks.program("tools/install.py")


@pytest.fixture(name="calls")
def make_calls(tool, monkeypatch, tmp_path):
    """What pip is asked for; a Linux without card where the index answers."""
    calls = []
    for name, value in PLAIN.items():
        monkeypatch.setattr(tool, name, lambda *_, value=value: value)
    monkeypatch.setattr(tool, "install", lambda *told: calls.append(told) or 0)
    monkeypatch.setattr(tool.sys, "platform", "linux")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "needed.txt").write_text("numpy==2.4.6\ntorch==2.13.0\n")
    (tmp_path / "more.txt").write_text("ruff==0.17.5\n")
    return calls


def test_the_cpu_build_comes_first_and_alone(tool, calls, capsys):
    assert tool.main(["needed.txt"]) == 0
    index = ("--index-url", tool.CPU_BUILDS)
    assert calls == [("torch==2.13.0", "--no-deps", *index), TORCH_AND_MORE]
    assert "CPU build" in capsys.readouterr().out


@pytest.mark.parametrize("name", CASES)
def test_otherwise_pip_decides(name, tool, calls, monkeypatch, capsys):
    value, said = CASES[name]
    monkeypatch.setattr(tool, name, lambda *_: value)
    tool.main(["needed.txt"])
    assert calls == [TORCH_AND_MORE]
    assert said in capsys.readouterr().out


def test_other_systems_and_files_without_torch_need_no_care(
    tool, calls, monkeypatch, capsys
):
    tool.main(["more.txt"])
    with monkeypatch.context() as patch:
        patch.setattr(tool.sys, "platform", "darwin")
        tool.main(["needed.txt"])
    [more, needed] = calls
    assert more[1] == "more.txt"
    assert needed == TORCH_AND_MORE
    # An index that fails is made good by the other.
    monkeypatch.setattr(tool, "install", lambda *a: calls.append(a) or 1)
    assert tool.main(["needed.txt"]) == 1  # what the second call says
    assert calls[3] == TORCH_AND_MORE
    assert "That failed" in capsys.readouterr().out


class Page(BaseHTTPRequestHandler):
    """Answers with the number that is asked for."""

    def do_GET(self):
        """Called by its name in the library."""
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *arguments):
        """Stay silent."""


def test_only_a_page_that_is_there_in_time_answers(tool, monkeypatch):
    address = "http://localhost:{}/{}/".format
    with HTTPServer(("localhost", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert tool.answers(address(server.server_port, 200))
        assert not tool.answers(address(server.server_port, 404))
        server.shutdown()
    monkeypatch.setattr(tool, "SECONDS", 0.2)
    with socket.create_server(("localhost", 0)) as silent:
        port = silent.getsockname()[1]
        assert not tool.answers(address(port, 200))
    assert not tool.answers(address(port, 200))  # now nobody is there


SOURCES = ["INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS"]


@pytest.mark.parametrize("variable", [None, *SOURCES])
def test_sources_that_were_set_are_seen(variable, tool, monkeypatch):
    for name in (*SOURCES, "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # no file is read
    if variable:
        monkeypatch.setenv(f"PIP_{variable}", "https://example.org/simple")
    assert tool.has_own_sources() == (variable is not None)


def test_an_installed_version_is_known(tool):
    assert tool.is_installed("pytest", pytest.__version__)
    assert not tool.is_installed("pytest", "1.0")
    assert not tool.is_installed("no-such-package", "1.0")
