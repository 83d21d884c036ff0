"""That the small torch comes where it fits, and only there."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import Mock

import pytest

import notebooks

MORE = "--requirement needed.txt --constraint constraints.txt"
SMALL = (
    "torch==2.13.0 --no-deps --index-url https://download.pytorch.org/whl/cpu"
)
# A Linux without a card, where the index answers and pip does what it is told.
PLAIN = {
    "platform": "linux",
    "needed": "numpy==2.4.6\ntorch==2.13.0\n",
    "is_installed": False,
    "has_own_sources": False,
    "has_nvidia_card": False,
    "answers": True,
    "install": 0,
}
CASES = [
    ({}, [SMALL, MORE], "CPU build"),
    ({"install": 1}, [SMALL, MORE], "That failed"),  # the other makes it good
    ({"is_installed": True}, [MORE], ""),
    ({"has_own_sources": True}, [MORE], "where your pip is set to look"),
    ({"has_nvidia_card": True}, [MORE], "NVIDIA card"),
    ({"answers": False}, [MORE], "does not answer"),
    ({"platform": "darwin"}, [MORE], ""),
    ({"needed": "ruff==0.17.5"}, [MORE], ""),
]


@pytest.fixture(name="tool")
def load_tool():
    """The program, as a module of this test's own."""
    return notebooks.program("tools/install.py")


@pytest.mark.parametrize(("facts", "asked", "said"), CASES)
def test_the_small_torch_comes_first_where_it_fits(
    facts, asked, said, tool, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(tmp_path)
    facts = PLAIN | facts
    (tmp_path / "needed.txt").write_text(facts.pop("needed"))
    monkeypatch.setattr(tool.sys, "platform", facts.pop("platform"))
    for name, value in facts.items():
        monkeypatch.setattr(tool, name, Mock(return_value=value))
    assert tool.main(["needed.txt"]) == facts["install"]
    calls = [" ".join(call.args) for call in tool.install.call_args_list]
    assert calls == asked
    *_, last = ["", *capsys.readouterr().out.splitlines()]
    assert said in last and bool(said) == bool(last)


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
