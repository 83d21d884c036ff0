"""`make mutants`: break the packages in every small way; some test must fail.

mutmut makes the mutants, of all modules or of those named, and runs for each
the tests that pass through it. The survivors must be those that
tests/survivors.toml lists, each with the reason why it may live. A new one is
printed as it would stand in that list; one that is listed and dies must go.
What only spells a text in another way, an error's words or the letters of a
shape, is not counted.

``python tools/mutants.py [MODULE ...]``, such as ``unrolled.data``.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parent.parent
WORK = REPO / "_build" / "mutants"
JUDGED = REPO / "tests" / "survivors.toml"
# Read by tests, beside what is broken.
READ = ["book", "exercises", "solutions", "results", "grading", "bench"]
# They break things of their own, or look at other things than the packages:
# at installing, at built pages.
OTHER_TESTS = "test_(make|install|mutations|pages|site|explore|extensions"
OTHER_TESTS += "|grading|bad_input)"


class Survivor(NamedTuple):
    """A mutant that no test notices: the function, the line, the new line."""

    function: str
    old: str
    new: str

    def __str__(self) -> str:
        """Write it as in the list, which asks for a reason."""
        lines = [
            f"{name} = '''{text}'''"
            for name, text in zip(self._fields, self, strict=True)
        ]
        return "\n".join(["[[survivor]]", *lines, 'reason = ""\n'])

    @property
    def is_spelling(self) -> bool:
        """Whether it only spells a text in another way."""
        return self.new.replace("XX", "").casefold() == self.old.casefold()


def sources(modules: list[str]) -> list[str]:
    """Find the files of these modules, relative to the project."""
    files = [str(p.relative_to(REPO)) for p in (REPO / "src").rglob("*.py")]
    found = []
    for module in modules:
        path = "src/" + module.replace(".", "/")
        matching = {f"{path}.py", f"{path}/__init__.py"} & set(files)
        if not matching:
            raise SystemExit(f"expected a module of src/, got {module!r}")
        found += sorted(matching)
    return found


def tests(modules: list[str]) -> list[str]:
    """Choose the files of tests that import one of these, or its package."""
    doors = {
        ".".join(parts[:depth])
        for parts in (module.split(".") for module in modules)
        for depth in range(2, len(parts) + 1)
    }
    chosen = []
    for path in sorted((REPO / "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if not re.match(OTHER_TESTS, path.name) and any(
            re.search(rf"\b{re.escape(door)}\b", text)
            or re.search(rf"from {package} import[^)=]*\b{name}\b", text)
            for door in doors
            for package, _, name in [door.rpartition(".")]
        ):
            chosen.append(f"tests/{path.name}")
    # Which finds all by itself; and the examples in what is broken.
    return [*chosen, "tests/test_bad_input.py", *sources(modules)]


def prepare(modules: list[str]) -> None:
    """Lay out a folder to work in, with the settings of this run."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    for name in ["src", "tests", "pyproject.toml", "tools", *READ]:
        (WORK / name).symlink_to(REPO / name)
    settings = {
        "source_paths": ["src"],
        "only_mutate": sources(modules),
        "also_copy": [*READ, "tools"],
        # The mutants stand beside what is public, and look public, and have the
        # examples of what they are made from.
        "pytest_add_cli_args": [
            *["-xqp", "no:cacheprovider", "--doctest-modules"],
            *["-k", "not public and (not mutmut or mutmut_orig)"],
        ],
        "pytest_add_cli_args_test_selection": tests(modules),
        "use_git_change_detection": ["false"],
    }
    lines = ["[mutmut]"]
    for name, values in settings.items():
        lines.append(f"{name} =")
        lines += [f"    {value}" for value in values]
    (WORK / "setup.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def mutmut(*arguments: str, **options: object) -> subprocess.CompletedProcess:
    """Run mutmut in that folder."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=WORK, text=True, check=True, **options)


def survivor(mutant: str) -> Survivor:
    """Describe a mutant by what it changes: its number changes too easily."""
    shown = mutmut("show", mutant, capture_output=True).stdout.splitlines()
    changed = {sign: [] for sign in "-+"}
    for line in shown:
        if line[:1] in changed and line[:3] not in ("---", "+++"):
            changed[line[0]].append(line[1:].strip())
    function = re.sub(r"(^|\.)x_", r"\1", mutant.split("__mutmut_")[0])
    return Survivor(function, *("\n".join(changed[sign]) for sign in "-+"))


def judged(modules: list[str]) -> set[Survivor]:
    """Read the list, as far as it concerns these modules."""
    rows = tomllib.loads(JUDGED.read_text(encoding="utf-8")).get("survivor", [])
    if nameless := [row["function"] for row in rows if not row["reason"]]:
        raise SystemExit(f"a reason is missing: {', '.join(nameless)}")
    return {
        Survivor(row["function"], row["old"], row["new"])
        for row in rows
        if any(fnmatch(row["function"], f"{m}.*") for m in modules)
    }


def main(modules: list[str]) -> int:
    """Make the mutants, and compare who lives with who may."""
    if not modules:
        paths = sorted((REPO / "src").rglob("*.py"))
        names = [p.relative_to(REPO / "src").with_suffix("") for p in paths]
        modules = [".".join(name.parts) for name in names]
        modules = [m.removesuffix(".__init__") for m in modules]
    prepare(modules)
    mutmut("run")
    results = mutmut("results", capture_output=True).stdout
    alive = re.findall(
        r"^\s*(\S+): (survived|no tests)$", results, re.MULTILINE
    )
    found = {survivor(mutant) for mutant, _ in alive}
    found = {each for each in found if not each.is_spelling}
    may_live = judged(modules)
    for new in sorted(found - may_live):
        print(f"\nNobody noticed:\n{new}")
    for dead in sorted(may_live - found):
        print(f"\nNoticed now; take it from the list:\n{dead}")
    print(f"{len(found)} survive, {len(found & may_live)} with a reason.")
    return int(found != may_live)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
