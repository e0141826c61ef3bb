"""A hub on this machine: it answers the calls of huggingface_hub, honestly or not."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

REPOSITORY, COMMIT = "owner/style", "0123456789abcdef0123456789abcdef01234567"
DRIP_SECONDS = 0.2


@dataclass
class Hub:
    """What the hub has and how it misbehaves; `asked` and `tokens` are what it was asked for, and with which authorization.

    `sends`: path → the bytes that really come; `listed`: path → the size that is told; `elsewhere`: path → address of
    another server; `cut`: path → the bytes after which the connection breaks; `slow`: paths that come drop by drop.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    revisions: dict[str, str] = field(default_factory=lambda: {"main": COMMIT, COMMIT: COMMIT})
    sends: dict[str, bytes] = field(default_factory=dict)
    listed: dict[str, int] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    status: dict[str, int] = field(default_factory=dict)
    answer: bytes | None = None
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    address: str = ""

    def siblings(self) -> list[dict[str, Any]]:
        """The list of files, large ones with the SHA-256 of their storage."""
        return [self._listed(path, content) for path, content in self.files.items()]

    def _listed(self, path: str, content: bytes) -> dict[str, Any]:
        size = self.listed.get(path, len(content))
        git = hashlib.sha1(b"blob %d\x00" % len(content) + content).hexdigest()
        shape: dict[str, Any] = {"rfilename": path, "size": size, "blobId": git}
        if path in self.stored:
            shape |= {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 134}, "blobId": "f" * 40}
        return shape


class Answers(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(path)
        self.hub.tokens.append(self.headers.get("Authorization"))
        if path.startswith("/api/models/"):
            self._told(path.removeprefix("/api/models/"))
        else:
            self._sent(path.partition(f"/resolve/{COMMIT}/")[2] or path.lstrip("/"))

    def _told(self, wanted: str) -> None:
        repository, _, revision = wanted.partition("/revision/")
        if code := self.hub.status.get("api"):
            self._reply(code, b"{}")
        elif repository != REPOSITORY:
            self._reply(404, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif (revision or "main") not in self.hub.revisions:
            self._reply(404, b'{"error":"Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
        else:
            told = {"id": REPOSITORY, "sha": self.hub.revisions[revision or "main"], "siblings": self.hub.siblings()}
            self._reply(200, self.hub.answer if self.hub.answer is not None else json.dumps(told).encode())

    def _sent(self, path: str) -> None:
        content = self.hub.sends.get(path, self.hub.files.get(path, b""))
        if path in self.hub.status:
            self._reply(self.hub.status[path], b"")
        elif path in self.hub.elsewhere:
            self._reply(302, b"", {"Location": f"{self.hub.elsewhere[path]}/{path}"})
        elif path in self.hub.slow:
            self._drip(content)
        else:
            self._reply(200, content, kept=self.hub.cut.get(path))

    def _reply(self, code: int, content: bytes, headers: dict[str, str] | None = None, kept: int | None = None) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:kept])
        self.close_connection = kept is not None

    def _drip(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for each in content:
                self.wfile.write(bytes([each]))
                time.sleep(DRIP_SECONDS)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub behind an address of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (Answers,), {"hub": hub})) as server:
        server.daemon_threads = True
        hub.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield hub
        server.shutdown()
