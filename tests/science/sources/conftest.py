"""Fixtures of the tests of the sources."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

RECORDED = Path(__file__).parent / 'recorded'


class Server(ThreadingHTTPServer):
    """A web server on this machine that gives recorded answers and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.answers: dict[str, list[tuple[int, str]]] = {}
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []

    @property
    def address(self) -> str:
        """Return where the server listens."""
        return f'http://127.0.0.1:{self.server_port}'

    def answer(self, path: str, *names: str, status: int = 200) -> None:
        """Answer the next requests for ``path`` with these recorded files."""
        texts = [(RECORDED / name).read_text().replace('{address}', self.address) for name in names]
        self.answers.setdefault(path, []).extend((status, text) for text in texts)


class Handler(BaseHTTPRequestHandler):
    """Takes the next recorded answer of the path asked for."""

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.requests.append((parts.path, parameters, dict(self.headers)))
        waiting = self.server.answers.get(parts.path)
        status, text = waiting.pop(0) if waiting else (404, json.dumps({'detail': 'Not Found'}))
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that gives recorded answers."""
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def unused_address() -> str:
    """Return an address where nothing listens."""
    with Server() as closed:
        return closed.address
