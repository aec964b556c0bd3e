"""The house rules that a reader relies on: small files, imports that go one way and stand at the top of a file."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "konomi"
LATE = ("torch", "matplotlib")  # what comes with an extra is imported when it is used
FILES = {
    ".".join(["konomi", *path.relative_to(SOURCE).with_suffix("").parts]).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}


def imports(path: Path, late: bool) -> set[str]:
    """What a file imports at its top or, if `late`, inside of functions; what only type checkers see is left out."""
    found = set[str]()

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if inside == late and isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif inside == late and isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


def graph(late: bool) -> dict[str, set[str]]:
    """Module → the modules of the package that it imports."""
    return {name: (imports(path, late) & set(FILES)) - {name} for name, path in FILES.items()}


def test_no_circle_of_imports():
    top, late = graph(late=False), graph(late=True)
    list(TopologicalSorter({name: top[name] | late[name] for name in FILES}).static_order())  # CycleError names the circle


def needs_an_extra(name: str) -> bool:
    """Whether importing a module brings torch or matplotlib."""
    seen, todo = set[str](), [name]
    while todo:
        module = todo.pop()
        if module.partition(".")[0] in LATE:
            return True
        if module in FILES and module not in seen:
            seen.add(module)
            todo += imports(FILES[module], late=False)
    return False


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("konomi.cli")])
def test_imports_stand_at_the_top_unless_they_need_an_extra(name):
    inside = {module for module in imports(FILES[name], late=True) if module.startswith("konomi")}
    modules = {module if module in FILES else module.rpartition(".")[0] for module in inside} - {"konomi"}
    others = {module.partition(".")[0] for module in imports(FILES[name], late=True)} - {"konomi"}
    assert others <= set(LATE)
    plain = {module for module in modules if not needs_an_extra(module)}
    packages = {module for module in plain if any(other.startswith(f"{module}.") for other in modules - plain)}
    assert plain <= packages


@pytest.mark.parametrize(("folder", "most"), [(SOURCE, 250), (ROOT / "tests", 400)])
def test_every_file_can_be_held_in_mind(folder, most):
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in folder.rglob("*.py")}
    assert {path: n for path, n in lines.items() if n > most} == {}
