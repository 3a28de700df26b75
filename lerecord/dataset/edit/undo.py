"""The inverse of an operation: the list of episodes before it, found again with the trash."""

from functools import partial
from pathlib import Path

from lerecord.commands import command
from lerecord.dataset.edit import operation_log
from lerecord.dataset.edit.episode_list import Draft, Slot, Stays
from lerecord.dataset.edit.operation_log import UNDO
from lerecord.dataset.edit.operation_record import Done, Kept, Operation
from lerecord.dataset.edit.rebuild import Change, Rebuild
from lerecord.dataset.format import episode_table, layout
from lerecord.dataset.storage import inside, link_or_copy
from lerecord.errors import DatasetError


def undoing(rebuild: Rebuild) -> tuple[list[Slot], Change]:
    """The list of episodes before the last operation that is no undo.

    Raises:
        DatasetError: there is none, or other changes were made since.
    """
    for name in reversed(operation_log.operations(rebuild.root)):
        operation = operation_log.read_operation(rebuild.root, name)
        if operation.undone is None:
            _refuse_changed(rebuild, operation)
            done = Done(UNDO, f"undo {operation.done.said}")
            return _before(rebuild, name, operation), Change(
                done,
                undone=operation.done,
                cleared=(f"{layout.TRASH}/{name}",),
                encoded=operation.encoded,
            )
    raise DatasetError(f"There is nothing to undo in {rebuild.root}; its trash has no operation.")


def redoing(rebuild: Rebuild) -> tuple[list[Slot], Change]:
    """The list of episodes before the last undo.

    Raises:
        DatasetError: there is none, or other changes were made since.
    """
    for name in reversed(operation_log.operations(rebuild.root)):
        operation = operation_log.read_operation(rebuild.root, name)
        if operation.undone is not None:
            _refuse_changed(rebuild, operation)
            return _before(rebuild, name, operation), Change(
                operation.undone,
                cleared=(f"{layout.TRASH}/{name}",),
                encoded=operation.encoded,
            )
    raise DatasetError(f"There is nothing to redo in {rebuild.root}; nothing was undone.")


def to_undo(root: Path) -> str | None:
    """What `undo` would take back, as it was said; None when nothing. Raises DatasetError."""
    return _last(root, undone=False)


def to_redo(root: Path) -> str | None:
    """What `redo` would do again; likewise."""
    return _last(root, undone=True)


def _last(root: Path, undone: bool) -> str | None:
    for name in reversed(operation_log.operations(root)):
        operation = operation_log.read_operation(root, name)
        if (operation.undone is not None) is undone:
            return operation.done.said if operation.undone is None else operation.undone.said
    return None


def _refuse_changed(rebuild: Rebuild, operation: Operation) -> None:
    """An inverse is right for the episodes that the operation left, and what came behind them."""
    lines = rebuild.files.read(layout.EPISODES)
    stats_lines = rebuild.files.read(layout.EPISODES_STATS)
    digest = operation_log.digest_of(lines, stats_lines, operation.episodes)
    if len(rebuild.old) < operation.episodes or digest != operation.digest:
        raise DatasetError(
            f"`{operation.done.said}` cannot be undone: the episodes of {rebuild.root} were "
            f"changed since; what it replaced is kept in {layout.TRASH}."
        )


def _before(rebuild: Rebuild, name: str, operation: Operation) -> list[Slot]:
    slots: list[Slot] = []
    for was in operation.before:
        if isinstance(was, Kept):
            _refuse_lost_table(rebuild.root, was, operation)
            slots.append(_restored(rebuild, name, was))
        else:
            slots += [Stays(was.now + number, was.task, was.label) for number in range(was.count)]
    since = range(operation.episodes, len(rebuild.old))
    return [*slots, *(Stays(index, rebuild.old.task(index)) for index in since)]


def _refuse_lost_table(root: Path, kept: Kept, operation: Operation) -> None:
    """An episode comes back without the videos that it had lost, but not without its frames."""
    if (name := layout.data_file(kept.index)) in kept.missing:
        raise DatasetError(
            f"`{operation.done.said}` cannot be undone: {name} of episode {kept.index} was missing "
            f"already; what else it had is kept in {root / layout.TRASH}."
        )


def _restored(rebuild: Rebuild, name: str, kept: Kept) -> Draft:
    if kept.stats.keys() != rebuild.old.stats[0].keys():
        raise DatasetError(
            f"{operation_log.record_name(name)} has statistics of other features than "
            f"{rebuild.root}; {command('edit', 'empty-trash', rebuild.root)} clears it."
        )
    files = dict(operation_log.kept_files(kept, rebuild.keys))
    for each in files.values():
        inside.require_file(rebuild.root, f"{layout.TRASH}/{name}/{each}")
    folder = rebuild.root / layout.TRASH / name
    read = episode_table.read_entire(folder / files[layout.data_file(kept.index)])
    sidecar = files.get(layout.capture_file(kept.index))
    return Draft(
        task=kept.task,
        frames=read,
        stats=kept.stats,
        annotations=kept.annotations,
        sidecar=None if sidecar is None else partial(_link, folder / sidecar),
        videos={
            key: partial(_link, folder / files[file])
            for key in rebuild.keys
            if (file := layout.video_file(kept.index, key)) in files
        },
    )


def _link(source: Path, target: Path) -> None:
    link_or_copy(source, target)
