"""The daemon: without it nothing that is submitted runs."""

from __future__ import annotations

__all__ = ('is_daemon_running', 'look_for_dead_workers', 'require_daemon')


def is_daemon_running() -> bool:
    """Return whether the daemon of the loaded profile runs."""
    from aiida.engine.daemon.client import get_daemon_client
    from aiida.manage import get_manager

    profile = get_manager().get_profile()
    if profile is None or profile.process_control_backend is None:
        return False
    return bool(get_daemon_client().is_daemon_running)


def look_for_dead_workers() -> None:
    """Let AiiDA's ZeroMQ broker find dead workers, and give their processes to others.

    It looks whenever a client leaves. A worker that is killed is such a client, but is often still
    taken to be there: the broker hears of the end of a connection a moment before it has ended. The
    processes of that worker would wait until the next client leaves, which is what happens here.
    """
    from aiida.brokers.zeromq import ZeromqBroker
    from aiida.manage import get_manager

    profile = get_manager().get_profile()
    if profile is None or profile.process_control_backend != 'core.zeromq':
        return
    with ZeromqBroker(profile) as broker:
        if broker.check_service_reachable():
            broker.get_communicator()


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
