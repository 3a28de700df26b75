"""Which take comes next in a session, and when there is none."""

from dataclasses import replace

from lerecord.errors import LerecordError
from lerecord.recording.session.plan import Plan, Wanted
from lerecord.recording.session.task_queue import QueueEdit


class Agenda:
    """The takes that are still wanted: those of the plan, those of its queue, and a redo.

    Args:
        plan: of the session.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.queue = plan.queue
        """Its tasks, where there are several."""
        self.saved = 0
        """Takes that became new episodes."""
        self.last_saved: tuple[int, Wanted] | None = None
        """The episode that the last saved take became, and what was wanted of it."""
        self._redo: int | None = None
        self._running: Wanted | None = None

    @property
    def wanted(self) -> Wanted:
        """The take that runs or comes next."""
        if self._running is not None:
            return self._running
        if self.last_saved is not None and self._redo is not None:
            return replace(self.last_saved[1], replaces=self._redo)
        if self.queue is None:
            return self._plan.wanted[min(self.saved, len(self._plan.wanted) - 1)]
        if self.queue.next is None and self.last_saved is not None:
            return Wanted(self.last_saved[1].task)  # all is there, and may be done again
        return Wanted(self.queue.next or "")

    @property
    def redoes(self) -> bool:
        """The next take replaces the one that was saved last."""
        return self._redo is not None

    @property
    def is_complete(self) -> bool:
        """Nothing more is wanted."""
        enough = self.saved == self._plan.episodes
        return not self.redoes and (enough or (self.queue is not None and self.queue.next is None))

    @property
    def then(self) -> str | None:
        """The task of the take after it, where there is a queue; None when that is the last."""
        if self.queue is None:
            return None
        if self.redoes:
            return self.queue.next
        if self.wanted.task == self.queue.next:
            return self.queue.then
        return self.queue.with_episode(self.wanted.task).next

    def begin(self) -> Wanted:
        """The take begins: from now on nothing changes what is wanted of it."""
        self._running = self.wanted
        return self._running

    def end(self, episode: int | None) -> None:
        """It ended: as that episode, or as none."""
        running, self._running = self.wanted, None
        if episode is None:
            return
        self.last_saved = (episode, running)
        if self._redo is None:
            self.saved += 1
            if self.queue is not None:
                self.queue = self.queue.with_episode(running.task)
        self._redo = None

    def redo(self) -> str:
        """Let the next take replace the one saved last; asked again, let it be a new one."""
        if self.last_saved is None:
            return "No take has been saved yet that could be redone."
        episode, _ = self.last_saved
        self._redo = episode if self._redo is None else None
        instead = "replaces" if self.redoes else "does not replace"
        return f"The next take {instead} episode {episode}."

    def step(self, places: int) -> str:
        """Let the next take be of another task; what came of it, in a sentence."""
        if self.queue is None:
            return "This session has one task; give several with --tasks."
        if self.redoes:
            return "The next take is a redo and keeps its task; press r to make it a new one."
        try:
            self.queue = self.queue.stepped(places)
        except LerecordError as refusal:
            return str(refusal)
        return f"The next take: {self.queue.next}"

    def edit(self, edit: QueueEdit) -> str:
        """Change the queue; why that was refused, in a sentence."""
        if self.queue is None:
            return "This session has no queue of tasks; give one with --tasks."
        try:
            self.queue = self.queue.edited(edit)
        except LerecordError as refusal:
            return str(refusal)
        return ""
