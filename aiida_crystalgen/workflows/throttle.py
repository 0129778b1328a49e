"""Work chains that go on as soon as any one of their children has finished."""

from __future__ import annotations

import functools

from aiida import orm
from aiida.engine import ProcessState, WorkChain

__all__ = ('EagerWorkChain',)


class EagerWorkChain(WorkChain):
    """Runs its next step when one of the children it waits for has finished, not when all have.

    AiiDA lets a step wait for all that it hands to ``to_context``. A throttle built on that works
    in chunks: after each, its places stay empty until the slowest child of the chunk is through.
    Here the children still running are handed over again by every step, until they have finished.

    Which children are watched is known to this process only. After a restart AiiDA hands the
    children that were waited for to `_action_awaitables`, and all are watched anew.
    """

    @property
    def _watched(self) -> set[int]:
        """Keys of the children whose end will be reported to this process."""
        return self.__dict__.setdefault('_watched_children', set())

    def _action_awaitables(self) -> None:
        """Watch the children that this step waits for and no earlier step did."""
        for awaitable in self._awaitables:
            if awaitable.pk not in self._watched:
                self._watched.add(awaitable.pk)
                callback = functools.partial(self.call_soon, self._on_child_finished, awaitable.pk)
                self.runner.call_on_process_finish(awaitable.pk, callback)

    def _on_child_finished(self, pk: int) -> None:
        """Resume if a step waits for the child.

        The end of a child may be reported in the middle of a step. If that step waits for the child
        nevertheless, it is watched again, and its end is reported again at once.
        """
        self._watched.discard(pk)
        if self.state != ProcessState.WAITING:
            return
        for awaitable in [one for one in self._awaitables if one.pk == pk]:
            self._resolve_awaitable(awaitable, orm.load_node(pk))
        self.resume()
