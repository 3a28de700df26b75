"""A module that has grown too long holds two ideas; a function that has, two steps."""

import ast
from pathlib import Path

import lerecord

ROOT = Path(lerecord.__file__).parent
MODULE_LINES, FUNCTION_LINES = 300, 40

TABLES: dict[str, str] = {}
"""Modules that are a table of data, by their path below lerecord/, and what the table is."""


def functions(path: Path) -> dict[str, int]:
    """The lines of each function and method, decorators and docstring included."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines = (node.end_lineno or node.lineno) - first + 1
            found[node.name] = max(found.get(node.name, 0), lines)
    return found


def modules() -> dict[str, Path]:
    return {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}


def test_no_module_is_too_long() -> None:
    lengths = {name: len(path.read_bytes().splitlines()) for name, path in modules().items()}
    too_long = {name for name, length in lengths.items() if length > MODULE_LINES}
    assert too_long == TABLES.keys(), "too long, or no longer too long"


def test_no_function_is_too_long() -> None:
    assert {
        f"{name}: {function}": lines
        for name, path in modules().items()
        for function, lines in functions(path).items()
        if lines > FUNCTION_LINES
    } == {}


def test_a_function_is_counted_from_its_decorators_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("@first\n@second\ndef one() -> None:\n    def two() -> None:\n        pass\n")
    assert functions(path) == {"one": 5, "two": 2}
