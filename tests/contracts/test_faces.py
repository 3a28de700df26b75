"""The contract on faces, on a small graph: it must be able to fail."""

from grimp import ImportGraph

from tests.contracts.faces import FacesContract


def offences(*imports: tuple[str, str]) -> list[tuple[str, str]]:
    graph = ImportGraph()
    for module in ("lerecord", "lerecord.dataset", "lerecord.dataset.format", "lerecord.hub"):
        graph.add_module(module)
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported)
    contract = FacesContract(
        name="faces",
        session_options={},
        contract_options={"open_packages": ["lerecord", "lerecord.dataset"]},
    )
    found: list[tuple[str, str]] = contract.check(graph, verbose=False).metadata["offences"]
    return found


def test_a_face_may_be_imported_by_anybody() -> None:
    assert offences(("lerecord.hub.push", "lerecord.dataset.format")) == []


def test_what_is_behind_a_face_may_be_imported_from_within() -> None:
    assert offences(("lerecord.dataset.format.info", "lerecord.dataset.format.fields")) == []


def test_a_module_that_the_face_names_may_be_imported() -> None:
    assert offences(("lerecord.hub.push", "lerecord.dataset.format.layout")) == []


def test_nobody_else_may_go_behind_it() -> None:
    wrong = ("lerecord.hub.push", "lerecord.dataset.format.fields")
    assert offences(wrong, ("lerecord.hub.push", "lerecord.dataset.format")) == [wrong]


def test_modules_of_open_packages_are_no_secret() -> None:
    assert offences(("lerecord.hub.push", "lerecord.errors")) == []
