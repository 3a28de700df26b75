"""What the Tab key completes beside commands and options: datasets."""

from pathlib import Path


def datasets(incomplete: str) -> list[str]:
    """Folders of datasets that begin so, here and one level down."""
    parent, slash, begun = incomplete.rpartition("/")
    folder = Path(parent + slash)
    near = [each for each in folder.glob("*") if each.name.startswith(begun)]
    found = [each for top in near for each in (top, *top.glob("*"))]
    return sorted(
        f"{parent}{slash}{each.relative_to(folder)}"
        for each in found
        if (each / "meta/info.json").is_file()
    )
