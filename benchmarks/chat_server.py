"""An OpenAI-compatible server as a process of its own: an honest one over a local model, and one
that is slow, fails and lies.

    python -m benchmarks.chat_server PORT [FOLDER]

With FOLDER it serves the model in it. Without, the n-th request is treated in the n-th of
`BEHAVIOURS`, over and over. `GET /truth` tells what an honest bill would say: the tokens that were
truly read and said, a token being four bytes, and how many requests came.
"""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["BEHAVIOURS", "ChatServer", "serving"]

BEHAVIOURS = (
    "good", "slow", "good", "500", "429", "429-long", "good", "hangs", "drips-head", "drips-body",
    "good", "closes", "redirects", "garbage", "no-json", "huge", "good", "bomb", "wrong-shape",
    "wrong-then-right", "good", "usage-missing", "usage-negative", "usage-zero", "usage-huge",
    "usage-text", "no-choices", "reads-slowly", "good", "deep",
)  # fmt: skip
LIES: dict[str, Any] = {
    "usage-missing": None,
    "usage-negative": {"prompt_tokens": -5, "completion_tokens": -(10**12)},
    "usage-zero": {"prompt_tokens": 0, "completion_tokens": 0},
    "usage-huge": {"prompt_tokens": 10**18, "completion_tokens": 10**18},
    "usage-text": {"prompt_tokens": "7", "completion_tokens": 1.5},
}
FOREVER = 60.0
"""Seconds: longer than any deadline here."""


class ChatServer(ThreadingHTTPServer):
    """Answers `POST /v1/chat/completions`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, folder: str = "") -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.lock = threading.Lock()
        self.requests = self.prompt = self.answer = 0
        self.model: Any = None
        if folder:
            from prismrec.language.chat.local import LocalModel

            self.model = LocalModel.read(folder)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        own = self.server
        with own.lock:
            told = {"requests": own.requests, "prompt": own.prompt, "answer": own.answer}
        self._send(200, json.dumps(told).encode())

    def do_POST(self) -> None:
        own = self.server
        with own.lock:
            how = BEHAVIOURS[own.requests % len(BEHAVIOURS)]
            own.requests += 1
        if own.model is not None:
            how = "model"
        if how == "reads-slowly":
            time.sleep(0.05)
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(raw)
        prompt = sum(len(m["content"].encode()) for m in asked["messages"]) // 4
        if how == "model":
            self._model(asked)
        elif how in ("good", "reads-slowly") or how in LIES:
            self._says(json.dumps(example(_schema(asked))), prompt, LIES.get(how, {}))
        else:
            self._misbehaves(how, asked, prompt)

    def _misbehaves(self, how: str, asked: dict[str, Any], prompt: int) -> None:
        right = json.dumps(example(_schema(asked)))
        texts = {
            "no-json": "Sure! Here you are.",
            "wrong-shape": '{"unknown": [1, 2, 3]}',
            "wrong-then-right": right if len(asked["messages"]) > 2 else '{"nothing": 1}',
            "deep": "[" * 5_000,
        }
        if how in texts:
            self._says(texts[how], prompt, {})
        elif how == "slow":
            time.sleep(0.15)
            self._says(right, prompt, {})
        elif how in ("500", "429", "429-long"):
            after = {"429-long": "3600", "429": "0.01"}.get(how, "")
            self._send(int(how[:3]), b"{}", {"Retry-After": after} if after else {})
        elif how == "redirects":
            self._send(302, b"", {"Location": "http://169.254.169.254/latest/meta-data"})
        elif how == "no-choices":
            self._send(200, b'{"choices": []}')
        elif how == "bomb":
            self._send(200, gzip.compress(b"a" * 50_000_000), {"Content-Encoding": "gzip"})
        else:
            self._raw(how)

    def _raw(self, how: str) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        with self.connection as line:
            if how == "hangs":
                time.sleep(FOREVER)
            elif how == "drips-head":
                _drip(line, head + b"X-More: a\r\n" * 10_000)
            elif how == "drips-body":
                line.sendall(head + b"Content-Length: 100000\r\n\r\n")
                _drip(line, b" " * 100_000)
            elif how == "garbage":
                line.sendall(bytes(range(256)) * 20)
            elif how == "huge":
                line.sendall(head + b"Content-Length: 100000000\r\n\r\n")
                for _ in range(1_000):
                    line.sendall(b" " * 100_000)

    def _says(self, text: str, prompt: int, usage: dict[str, Any] | None) -> None:
        said = len(text.encode()) // 4 + 1
        own = self.server
        with own.lock:
            own.prompt += prompt
            own.answer += said
        honest = {"prompt_tokens": prompt, "completion_tokens": said}
        self._reply(text, honest if usage == {} else usage)

    def _model(self, asked: dict[str, Any]) -> None:
        from prismrec.language.chat.time_limit import TimeLimit

        said = self.server.model.say(
            asked["messages"], _schema(asked), asked["max_tokens"], TimeLimit(FOREVER)
        )
        usage = {"prompt_tokens": said.prompt_tokens, "completion_tokens": said.answer_tokens}
        self._reply(said.text, usage)

    def _reply(self, text: str, usage: dict[str, Any] | None) -> None:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}
        self._send(200, json.dumps(answer).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _drip(line: socket.socket, data: bytes) -> None:
    for byte in data:
        line.sendall(bytes([byte]))
        time.sleep(0.02)


def _schema(asked: dict[str, Any]) -> dict[str, Any]:
    form = asked.get("response_format") or {}
    return dict(form.get("json_schema", {}).get("schema", {"type": "object"}))


def example(schema: dict[str, Any]) -> Any:
    """The first thing that fits a schema of the kinds used here."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        return {name: example(inner) for name, inner in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        items = schema["items"]
        count = schema.get("minItems", 1)
        return items["enum"][:count] if "enum" in items else [example(items)] * count
    return {"string": "some words", "boolean": True, "integer": 1, "number": 0.5}[schema["type"]]


@contextmanager
def serving(folder: Path | str = "") -> Iterator[int]:
    """The port of a server in a process of its own, which ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.chat_server", str(port), str(folder)]
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(command, cwd=root)
    try:
        _ready(port, process)
        yield port
    finally:
        process.kill()
        process.wait()


def _ready(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the chat server ended")
        try:
            truth(port)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the chat server did not start")


def truth(port: int) -> dict[str, int]:
    """What an honest bill of the server at `port` would say."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/truth", timeout=5) as answer:
        return dict(json.load(answer))


if __name__ == "__main__":
    ChatServer(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "").serve_forever()
