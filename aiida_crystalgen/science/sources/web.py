"""Questions to databases on the web, and one sentence for whatever can go wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

__all__ = ('ask',)

_DETAIL = 200  # characters of an answer that go into an error message


def ask(
    session: requests.Session,
    address: str,
    parameters: Mapping[str, str | int],
    *,
    timeout: float,
) -> dict[str, Any]:
    """Return the JSON object that a database answers.

    :param timeout: longest wait for an answer, in s.
    :raises ValueError: if there is no network, no answer in time, or an answer that is an error.
    """
    host = urlsplit(address).netloc or address
    try:
        response = session.get(address, params=dict(parameters), timeout=timeout)
    except requests.Timeout:
        raise ValueError(
            f'{host} did not answer within {timeout:g} s; try again later, allow more time, or '
            'import files instead'
        ) from None
    except requests.RequestException as exception:
        raise ValueError(
            f'could not reach {host} ({type(exception).__name__}); check the address and the '
            'network, or import files instead'
        ) from None
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    answer = answer if isinstance(answer, dict) else None
    if not response.ok:
        raise ValueError(
            f'{host} refused the request with status {response.status_code}: '
            f'{_detail(answer) or response.reason}'
        )
    if answer is None:
        raise ValueError(f'{host} answered with something else than a JSON object')
    return answer


def _detail(answer: dict[str, Any] | None) -> str:
    """Return what an answer says about its error, in the words of OPTIMADE or Materials Project."""
    if answer is None:
        return ''
    errors = answer.get('errors') or [answer]
    first = errors[0] if isinstance(errors, list) else errors
    detail = first.get('detail') or first.get('title') or '' if isinstance(first, dict) else first
    return str(detail)[:_DETAIL]
