"""An import contract: what is outside a package imports its face, and nothing behind it."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FacesContract(Contract):  # type: ignore[misc]
    """From outside a package only the package itself is imported, never a module in it.

    What a package shows is what its `__init__.pyi` names. Packages that only hold others are
    `open_packages`: each of the packages in them has a face of its own.
    """

    type_name = "faces"
    open_packages = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import in the graph."""
        offences = sorted(
            (importer, imported)
            for importer in graph.modules
            for imported in graph.find_modules_directly_imported_by(importer)
            if (package := self._package(graph, imported)) is not None
            and not f"{importer}.".startswith(f"{package}.")
        )
        return ContractCheck(kept=not offences, metadata={"offences": offences})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that goes behind a face."""
        for importer, imported in check.metadata["offences"]:
            output.print_error(f"{importer} imports {imported}, which is behind a face.")

    def _package(self, graph: ImportGraph, module: str) -> str | None:
        """The package behind whose face a module is; None for a face, and for what has none."""
        parent: str = module.rpartition(".")[0]
        if not parent or graph.find_children(module) or parent in self._open():
            return None
        return parent

    def _open(self) -> set[str]:
        packages: Any = self.open_packages
        return set(packages)
