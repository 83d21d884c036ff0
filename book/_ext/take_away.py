"""Notebooks to take away, each of which runs alone in an empty folder.

Below ``_static/take_away`` stand a wheel of the packages with the records,
every notebook without its outputs, and one zip of all. A notebook's first cell
installs the wheel where the packages are missing.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "_static/take_away"
INSTALL = """\
# Installs the book's packages where they are missing, as on Colab.
import importlib.util
from pathlib import Path

if importlib.util.find_spec("unrolled") is None:
    name, address = "{wheel}", "{address}"
    near = [folder / name for folder in (Path.cwd(), *Path.cwd().parents)]
    found = [path for path in near if path.is_file()]
    if not found and not address:
        raise FileNotFoundError(f"Put {{name}} of the book's zip beside this.")
    wheel = found[0] if found else address + name
    %pip install --quiet "{{wheel}}"
"""
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}


def link(
    app: Sphinx,
    name: str,
    template: str,
    context: dict,
    doctree: nodes.document | None,
) -> None:
    """Lead to the notebooks that run alone: by downloading, and on Colab.

    Colab opens what is in a repository. So a workflow puts them on a branch of
    their own.
    """
    for group in context.get("header_buttons", ()):
        for button in group.get("buttons", ()):
            url = button.get("url", "")
            if "colab" in url:
                button["url"] = url.replace(
                    "/blob/main/", "/blob/unrolled-take-away/"
                )
            elif url.endswith(f"_sources/{name}.ipynb"):
                button["url"] = context["pathto"](f"{FOLDER}/{name}.ipynb", 1)


def build_wheel(repository: Path, folder: Path) -> Path:
    """Build the wheel of the packages with the records, unless it is there."""
    parts = ["src", "results", "pyproject.toml", "README.md", "LICENSE"]
    made = max(
        path.stat().st_mtime
        for part in parts
        for path in (repository / part, *(repository / part).rglob("[!.]*"))
        if "__pycache__" not in path.parts
    )
    for wheel in folder.glob("*.whl"):
        if wheel.stat().st_mtime > made:
            return wheel
        wheel.unlink()
    with tempfile.TemporaryDirectory() as stage:
        skip = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
        for part in parts:
            to = "src/unrolled_lab/results" if part == "results" else part
            if (repository / part).is_dir():
                shutil.copytree(repository / part, Path(stage, to), ignore=skip)
            else:
                shutil.copy(repository / part, Path(stage, to))
        build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps")
        offline = ("--disable-pip-version-check", "--no-build-isolation")
        to = ("--wheel-dir", folder, stage)
        subprocess.run([*build, *offline, *to], check=True)
    return next(folder.glob("*.whl"))


def alone(notebook: Path, install: str) -> str:
    """Return the notebook without outputs, and with a first cell to install."""
    book = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    first = {"cell_type": "code", "id": "install", "metadata": FOLDED}
    first |= {"source": install, "outputs": [], "execution_count": None}
    book["cells"].insert(0, first)
    return json.dumps(book, indent=1, ensure_ascii=False)


def write(app: Sphinx, error: Exception | None) -> None:
    """Write the wheel, the notebooks, and the zip of all."""
    if error or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    wheel = build_wheel(Path(app.srcdir), folder)
    address = app.config.html_baseurl and f"{app.config.html_baseurl}{FOLDER}/"
    install = INSTALL.format(wheel=wheel.name, address=address)
    sources = {n: Path(app.env.doc2path(n)) for n in app.env.found_docs}
    texts = {
        f"{name}.ipynb": alone(path, install)
        for name, path in sorted(sources.items())
        if path.suffix == ".ipynb"
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        # A page that was opened as a file may read only scripts.
        script = f"takeAway({json.dumps(text)});\n"
        path.with_suffix(".ipynb.js").write_text(script, encoding="utf-8")
    with zipfile.ZipFile(folder / "unrolled.zip", "w") as bundle:
        bundle.write(wheel, f"unrolled/{wheel.name}")  # packed as it is
        for name, text in texts.items():
            packed = zipfile.ZIP_DEFLATED
            bundle.writestr(f"unrolled/{name}", text, compress_type=packed)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, after the theme has made its buttons."""
    app.add_js_file("take_away.js", loading_method="defer")
    app.connect("html-page-context", link, priority=502)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
