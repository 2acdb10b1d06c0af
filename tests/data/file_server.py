"""A server on this machine that gives the answers of a test in order, cut and stalled ones too."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Reply:
    """One answer of the server. ``sent`` cuts the body after so many bytes; ``length`` False leaves its length out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None
    length: bool = True
    chunked: bool = False
    stall: bool = False


class Server(ThreadingHTTPServer):
    """A server on this machine that gives the replies of a list in order, and the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.seen: list[dict[str, str]] = []
        self.stalled, self.go_on = threading.Event(), threading.Event()

    def address(self, path: str = "/all_ai_models.csv") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append({"path": self.path, **self.headers})
        replies = self.server.replies
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.length:
            self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        body = reply.body if reply.sent is None else reply.body[: reply.sent]
        if reply.chunked:
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n\r\n" if reply.sent is None else b"")
        self.wfile.write(body)
        self.wfile.flush()
        if reply.stall:
            self.server.stalled.set()
            self.server.go_on.wait(30)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
