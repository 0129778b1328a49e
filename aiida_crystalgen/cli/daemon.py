"""The daemon: without it nothing that is submitted runs."""

from __future__ import annotations

__all__ = ('is_daemon_running', 'require_daemon')


def is_daemon_running() -> bool:
    """Return whether the daemon of the loaded profile runs."""
    from aiida.engine.daemon.client import get_daemon_client
    from aiida.manage import get_manager

    profile = get_manager().get_profile()
    if profile is None or profile.process_control_backend is None:
        return False
    return bool(get_daemon_client().is_daemon_running)


def require_daemon() -> None:
    """Raise unless what is submitted now would run.

    :raises ValueError: if the daemon is not running, or the profile can have none.
    """
    from aiida.manage import get_manager

    profile = get_manager().get_profile()
    if profile is not None and profile.process_control_backend is None:
        raise ValueError(
            f"Profile '{profile.name}' has no message broker, so it can have no daemon. "
            'Give it one with `verdi profile configure-broker core.zeromq`.'
        )
    if not is_daemon_running():
        raise ValueError(
            'The daemon is not running, so nothing that is submitted would start. '
            'Start it with `verdi daemon start`, or with `aiida-crystalgen setup`.'
        )
