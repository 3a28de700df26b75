"""An import contract: what is outside a package imports its face, and nothing behind it."""

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FacesContract(Contract):
    """From outside a package only what its face names is imported: its `__init__.pyi`.

    A face names functions and types, and a few modules that are used as such: `layout.INFO`.
    Packages that only hold others are `open_packages`; each of those has a face of its own.
    """

    type_name = "faces"
    open_packages = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import in the graph."""
        named: Any = self.open_packages
        offences = sorted(
            (importer, imported)
            for importer in graph.modules
            for imported in graph.find_modules_directly_imported_by(importer)
            if _is_behind_a_face(graph, importer, imported, named)
        )
        return ContractCheck(kept=not offences, metadata={"offences": offences})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that goes behind a face."""
        for importer, imported in check.metadata["offences"]:
            output.print_error(f"{importer} imports {imported}: behind a face")


def _is_behind_a_face(
    graph: ImportGraph, importer: str, imported: str, open_packages: set[str]
) -> bool:
    package, _, name = imported.rpartition(".")
    if not package or package in open_packages or graph.find_children(imported):
        return False
    return not f"{importer}.".startswith(f"{package}.") and name not in _modules_named(package)


@cache
def _modules_named(package: str) -> frozenset[str]:
    """The modules that a package's face names."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    face = Path(spec.origin).with_suffix(".pyi")
    if not face.exists():
        return frozenset()
    return frozenset(
        alias.name
        for node in ast.parse(face.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module is None
        for alias in node.names
    )
