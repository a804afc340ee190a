"""The fake server of a case: a transport that compares what it is sent, and answers as is written."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx2

from clock import ManualClock
from contract.names import read

CODES = read("errors")["codes"]
KEY_SETS = read("jws")["keySets"]
TOKENS = read("jws")["tokens"]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
TURNS = 12


class CutOff(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, octets: bytes) -> None:
        """Break off after these."""
        self._octets = octets

    def __iter__(self) -> Iterator[bytes]:
        """Give them, and break off."""
        yield self._octets
        raise httpx2.RemoteProtocolError("peer closed connection")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give them, and break off."""
        yield self._octets
        raise httpx2.RemoteProtocolError("peer closed connection")


class Script(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Answers requests by the exchange of a step."""

    def __init__(self, clock: ManualClock, elsewhere: Callable[[dict[str, Any] | None], None]) -> None:
        """Begin with nothing to be asked; `elsewhere` fills the token store as another process would."""
        self._clock = clock
        self._elsewhere = elsewhere
        self._mutex = threading.Lock()
        self._exchange: list[dict[str, Any]] = []
        self._ordered = True
        self._agents: set[str] = set()
        self.ids: list[str] = []
        self.faults: list[str] = []

    def expect(self, exchange: list[dict[str, Any]], *, ordered: bool = True) -> None:
        """Expect these requests, and no others."""
        self._exchange = [{"least": 1, "most": 1, "used": 0, **entry} for entry in exchange]
        for entry in self._exchange:
            if "times" in entry:
                entry["least"], entry["most"] = entry["times"]
        self._ordered = ordered
        self.ids = []
        self.faults = []

    def check(self) -> None:
        """Check that all that was expected has come, and nothing else."""
        assert not self.faults, self.faults
        missing = [entry["request"] for entry in self._exchange if entry["used"] < entry["least"]]
        assert not missing, f"not sent: {missing}"

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a thread."""
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a task, once the others had their turn."""
        body = await request.aread()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return self._answer(request, body)

    def _answer(self, request: httpx2.Request, body: bytes) -> httpx2.Response:
        with self._mutex:
            self._check_always(request)
            entry = self._taken(request, body)
            if entry is None:
                self.faults.append(f"not expected: {request.method} {request.url} {dict(request.headers)} {body!r}")
                raise httpx2.ReadError("not expected")
            response = entry["response"]
            self._clock.advance(response.get("after", 0))
            if "store" in response:
                self._elsewhere(response["store"])
            return made(request, response)

    def _taken(self, request: httpx2.Request, body: bytes) -> dict[str, Any] | None:
        for entry in self._exchange:
            if entry["used"] >= entry["most"]:
                continue
            if fits(entry["request"], request, body):
                entry["used"] += 1
                return entry
            if self._ordered:
                return None
        return None

    def _check_always(self, request: httpx2.Request) -> None:
        self._agents.add(request.headers["user-agent"])
        self.ids.append(request.headers.get("x-request-id", ""))
        if len(self._agents) != 1:
            self.faults.append(f"several user agents: {self._agents}")
        if not REQUEST_ID.fullmatch(self.ids[-1]):
            self.faults.append(f"no request id: {self.ids[-1]!r}")


def fits(expected: dict[str, Any], request: httpx2.Request, body: bytes) -> bool:
    """Whether a request is the one expected."""
    path, _, query = request.url.raw_path.decode().partition("?")
    headers = expected.get("headers", {})
    if "json" in expected:
        is_body = json.loads(body or b"null") == expected["json"]
        is_body = is_body and request.headers.get("content-type") == "application/json"
    elif "text" in expected:
        is_body = body.decode() == expected["text"]
    else:
        is_body = body == b"" and "content-type" not in request.headers
    return (
        request.method == expected["method"]
        and path == expected["path"]
        and dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))) == expected.get("query", {})
        and all(request.headers.get(name) == header(value) for name, value in headers.items())
        and is_body
    )


def header(value: str | dict[str, str] | None) -> str | None:
    """Return a header's value; `{"token": …}` names one of the tokens."""
    return f"Bearer {TOKENS[value['token']]}" if isinstance(value, dict) else value


def keys(request: httpx2.Request, response: dict[str, Any]) -> httpx2.Response:
    """Return a set of keys, or 304 if the client has it."""
    headers = {"ETag": f'"{response["keySet"]}"', "Content-Type": "application/jwk-set+json"}
    if "maxAge" in response:
        headers["Cache-Control"] = f"public, max-age={response['maxAge']}"
    if request.headers.get("if-none-match") == headers["ETag"]:
        return httpx2.Response(304, headers=headers)
    return httpx2.Response(200, headers=headers, content=json.dumps(KEY_SETS[response["keySet"]]).encode())


def made(request: httpx2.Request, response: dict[str, Any]) -> httpx2.Response:
    """Return an answer, or raise what its failure is."""
    failure = response.get("failure")
    if failure not in {None, "truncated"}:
        raise failed(failure, request)
    if "keySet" in response:
        return keys(request, response)
    status, headers, body = response.get("status", 200), dict(response.get("headers", {})), b""
    if "problem" in response:
        status, extra, body = problem(response["problem"])
        headers = extra | headers
    elif "json" in response:
        body = json.dumps(response["json"]).encode()
        headers.setdefault("Content-Type", "application/json")
    elif "base64" in response:
        body = base64.b64decode(response["base64"])
    elif "text" in response:
        body = response["text"].encode()
    if failure == "truncated":
        return httpx2.Response(status, headers=headers, stream=CutOff(body))
    return httpx2.Response(status, headers=headers, content=body)


def problem(said: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a problem."""
    code = CODES[said["code"]]
    request_id = said.get("requestId", "req-1")
    headers = {"Content-Type": "application/problem+json", "X-Request-Id": request_id}
    if "retryAfter" in said:
        headers["Retry-After"] = str(said["retryAfter"])
    body: dict[str, Any] = {
        "type": f"http://auth.test/docs/errors/{said['code']}",
        "title": code["title"],
        "status": code["status"],
        "detail": said.get("detail", "Because."),
        "code": said["code"],
        "requestId": request_id,
    }
    if "errors" in said:
        body["errors"] = said["errors"]
    return code["status"], headers, json.dumps(body).encode()


def failed(failure: str | None, request: httpx2.Request) -> httpx2.TransportError:
    """Return what the HTTP library raises."""
    match failure:
        case "dns" | "connect":
            error = httpx2.ConnectError(failure, request=request)
            error.__cause__ = socket.gaierror(-2, "unknown") if failure == "dns" else ConnectionRefusedError(111, "no")
            return error
        case "connectTimeout":
            return httpx2.ConnectTimeout(failure, request=request)
        case "timeout":
            return httpx2.ReadTimeout(failure, request=request)
        case "reset":
            return httpx2.ReadError(failure, request=request)
        case _:
            raise AssertionError(failure)
