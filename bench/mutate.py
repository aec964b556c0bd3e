"""Breaks the code on purpose, one small change at a time, and says which changes no test notices.

    python bench/mutate.py [MODULE …] [--most 30] [--seed 0] [--jobs 2]

MODULE: such as evaluate.bootstrap; by default all of `TESTS`. Of each module so many changes are drawn: a comparison, an
operator or a logical connective turned into another one, a number raised by one, True and False, min and max, any and all
exchanged, a negation or a condition dropped. Each is loaded in the place of the module by an import hook, and the tests of the
module run until the first that fails. A change that survives means the same, or is one that the tests should find.
"""

import argparse
import ast
import importlib.abc
import importlib.util
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

TESTS = {
    "evaluate.bootstrap": "noticed bootstrap report compare folds",
    "evaluate.evaluate": "noticed evaluate compare train probabilities",
    "evaluate.folds": "noticed folds",
    "evaluate.genre_wishes": "noticed people",
    "evaluate.held_out": "noticed evaluate compare train weighted_ranking",
    "evaluate.interaction_metrics": "bootstrap probabilities",
    "evaluate.intervals": "conformal",
    "evaluate.metric": "noticed metrics outside_metrics ranking",
    "evaluate.metrics": "noticed metrics outside_metrics ranking bootstrap",
    "evaluate.people": "noticed refit bundle_people",
    "evaluate.predict": "evaluate metrics",
    "evaluate.propensity": "weighted_ranking",
    "evaluate.ranking_metrics": "ranking weighted_ranking",
    "evaluate.rating_metrics": "metrics bootstrap folds evaluate",
    "evaluate.recommendations": "noticed ranking weighted_ranking people",
    "evaluate.records": "noticed folds bootstrap probabilities ranking weighted_ranking evaluate",
    "ranking.blend": "blend ranker exact",
    "ranking.dials": "blend ranker",
    "ranking.franchise_rule": "franchise_rule franchise",
    "ranking.offer": "person ranker",
    "ranking.rank": "recommend bulk ranker",
    "ranking.ranker": "noticed ranker recommend",
    "ranking.rerank": "noticed rerank",
    "ranking.silent": "silent blend",
    "ranking.wishes": "blend ranker",
    "data.draw": "noticed split",
    "data.roles": "noticed split folds",
    "data.split": "noticed split learnt folds train_from",
}
"""The tests of each module, and so many of the others as find what these do not."""

SECONDS = 120  # for the tests of one change
OTHER = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult},
    **{ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Pow: ast.Mult, ast.MatMult: ast.Mult},
}
EXCHANGED = {
    **{"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "nanmin": "nanmax", "nanmax": "nanmin"},
    **{"any": "all", "all": "any", "argmin": "argmax", "argmax": "argmin", "sum": "max", "mean": "max", "floor": "ceil"},
}


def changes(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    """(what, field, the new value) of each change of a node of the tree."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        yield "comparison", "ops", [OTHER[type(node.ops[0])](), *node.ops[1:]]
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OTHER:
        yield "operator", "op", OTHER[type(node.op)]()
    if isinstance(node, ast.BoolOp):
        yield "connective", "op", OTHER[type(node.op)]()
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        yield "negation", "op", ast.UAdd() if isinstance(node.op, ast.USub | ast.Invert) else ast.Not()
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "constant", "value", node.value + 1
    if isinstance(node, ast.Attribute) and node.attr in EXCHANGED:
        yield "name", "attr", EXCHANGED[node.attr]
    if isinstance(node, ast.Name) and node.id in EXCHANGED and isinstance(node.ctx, ast.Load):
        yield "name", "id", EXCHANGED[node.id]
    if isinstance(node, ast.IfExp | ast.If):
        yield "condition", "test", ast.Constant(True)
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "filter", "ifs", []


def mutants(source: str) -> list[tuple[str, str]]:
    """(what was changed, the changed source), each with one change."""
    tree, found = ast.parse(source), []
    said = {id(part) for node in ast.walk(tree) for part in hints(node)}  # annotations, which change nothing
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in said:
            continue
        for what, field, value in changes(node):
            other = deepcopy(tree)
            changed = next(each for n, each in enumerate(ast.walk(other)) if n == number)
            before = ast.unparse(changed)
            setattr(changed, field, value)
            if what == "negation" and isinstance(value, ast.Not):  # two of them are none
                changed.operand = ast.UnaryOp(ast.Not(), changed.operand)  # type: ignore[attr-defined]
            line = getattr(node, "lineno", getattr(getattr(node, "target", None), "lineno", 0))
            shown = f"{before.splitlines()[0][:60]} → {ast.unparse(changed).splitlines()[0][:60]}"
            found.append((f"{line}: {what}: {shown}", ast.unparse(ast.fix_missing_locations(other))))
    return found


def hints(node: ast.AST) -> Iterator[ast.AST]:
    """All below an annotation or a decorator."""
    for name in ("annotation", "returns", "decorator_list"):
        part = getattr(node, name, None)
        for each in part if isinstance(part, list) else [part]:
            if isinstance(each, ast.AST):
                yield from ast.walk(each)


class Instead(importlib.abc.MetaPathFinder):
    """Loads a file in the place of a module."""

    def __init__(self, module: str, file: str) -> None:
        self.module, self.file = module, file

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        return importlib.util.spec_from_file_location(name, self.file) if name == self.module else None


def survives(module: str, source: str) -> str:
    """ "killed", "survived" or "too slow"."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{module.rpartition('.')[2]}.py"
        file.write_text(source, encoding="utf-8")
        tests = [f"tests/test_{name}.py" for name in TESTS[module].split()]
        command = [sys.executable, __file__, "--child", f"konomi.{module}", file, *tests]
        try:
            status = subprocess.run(list(map(str, command)), capture_output=True, timeout=SECONDS).returncode
        except subprocess.TimeoutExpired:
            return "too slow"
    return "killed" if status else "survived"


def child(module: str, file: str, tests: list[str]) -> int:
    """Run the tests with a file in the place of a module; 0 if they pass."""
    sys.meta_path.insert(0, Instead(module, file))
    import pytest

    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--most", type=int, default=30, help="changes of a module, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    said = parser.parse_args()
    counts = {}
    for module in said.modules or TESTS:
        place = Path("src/konomi", *module.split(".")).with_suffix(".py")
        source = place.read_text(encoding="utf-8")
        if survives(module, source) != "survived":
            sys.exit(f"{module}: its tests fail as it is.")
        found = mutants(source)
        drawn = random.Random(said.seed).sample(found, min(said.most, len(found)))
        with ThreadPoolExecutor(said.jobs) as pool:
            results = list(pool.map(lambda each, module=module: survives(module, each[1]), drawn))
        for (what, _), result in sorted(zip(drawn, results, strict=True), key=lambda pair: int(pair[0][0].partition(":")[0])):
            if result != "killed":
                print(f"{result}  {place}:{what}", flush=True)
        counts[module] = (len(found), *(results.count(result) for result in ("killed", "survived", "too slow")))
        print(f"{module}: {len(drawn)} of {len(found)} changes, {results.count('survived')} survived", flush=True)
    every, *of = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"\nAll: {sum(of)} of {every} changes: {of[0]} killed, {of[1]} survived, {of[2]} too slow.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(child(sys.argv[2], sys.argv[3], sys.argv[4:]))
    main()
