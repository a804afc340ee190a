"""Whatever is sent, the answer is the exact problem it deserves, never a 5xx, and nothing is half done."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from harness import PASSWORD
from harness.api import Answer, Api
from harness.server import Server

JSON = {"Content-Type": "application/json"}
REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
VALIDATE = "/api/v1/auth/validate"


@dataclass(frozen=True)
class Bad:
    """One bad request and the problem it gets."""

    name: str
    path: str
    body: bytes
    status: int
    code: str
    headers: dict[str, str] = field(default_factory=lambda: JSON)


def registration(**fields: object) -> bytes:
    """Return a registration that is fine but for `fields`."""
    return json.dumps({"email": "eve@example.com", "password": PASSWORD} | fields).encode()


BODIES = [
    Bad("empty", REGISTER, b"", 400, "malformed_request"),
    Bad("cut off", REGISTER, b'{"email":"eve@exam', 400, "malformed_request"),
    Bad("not JSON", LOGIN, b"email=eve&password=x", 400, "malformed_request"),
    Bad("two documents", LOGIN, registration() + registration(), 400, "malformed_request"),
    Bad("invalid UTF-8", REGISTER, b'{"email":"\xff\xfe","password":"x"}', 400, "malformed_request"),
    Bad("lone surrogate", REGISTER, rb'{"email":"\ud800","password":"x"}', 400, "malformed_request"),
    Bad("deep arrays", REGISTER, b"[" * 50_000, 400, "malformed_request"),
    Bad("deep objects", REGISTER, b'{"a":' * 8_000 + b"1" + b"}" * 8_000, 400, "malformed_request"),
    Bad("an array", REGISTER, b"[]", 422, "validation_failed"),
    Bad("null", REGISTER, b"null", 422, "validation_failed"),
    Bad("a number for a text", REGISTER, registration(email=7), 422, "validation_failed"),
    Bad("an object for a text", LOGIN, registration(password={"$ne": ""}), 422, "validation_failed"),
    Bad("a missing field", LOGIN, b'{"email":"eve@example.com"}', 422, "validation_failed"),
    Bad("an unknown field", REGISTER, registration(nickname="e"), 422, "validation_failed"),
    Bad("a protected field", REGISTER, registration(role="super_admin"), 422, "validation_failed"),
    Bad("a field twice", LOGIN, b'{"password":"x","password":"y","email":"a@b.c"}', 400, "malformed_request"),
    Bad("NUL in the email", REGISTER, registration(email="eve\0@example.com"), 422, "validation_failed"),
    Bad("NUL in a name", REGISTER, registration(firstName="E\0ve"), 422, "validation_failed"),
    Bad(
        "a line break in the email",
        REGISTER,
        registration(email="e@x.org\r\nBcc: a@b.c"),
        422,
        "validation_failed",
    ),
    Bad("no email", REGISTER, registration(email="eve"), 422, "validation_failed"),
    Bad(
        "an endless email",
        REGISTER,
        registration(email="e" * 5000 + "@example.com"),
        422,
        "validation_failed",
    ),
    Bad("a phone of letters", REGISTER, registration(phone="call me"), 422, "validation_failed"),
    Bad("a place that has no time", REGISTER, registration(timezone="Mars/Olympus"), 422, "validation_failed"),
    Bad(
        "a script for a picture",
        REGISTER,
        registration(avatarUrl="javascript:alert(1)"),
        422,
        "validation_failed",
    ),
    Bad("metadata that is a list", REGISTER, registration(metadata=[]), 422, "validation_failed"),
    Bad("too much metadata", REGISTER, registration(metadata={"a": "b" * 40_000}), 422, "validation_failed"),
    Bad("a short password", REGISTER, registration(password="Aa1!"), 422, "validation_failed"),
    Bad("an endless password", REGISTER, registration(password="Aa1!" * 250), 422, "validation_failed"),
    Bad("a 10 MB password", REGISTER, registration(password="Aa1!" * 2_500_000), 413, "payload_too_large"),
    Bad(
        "the wrong type",
        REGISTER,
        registration(),
        415,
        "unsupported_media_type",
        {"Content-Type": "text/plain"},
    ),
    Bad("no type", REGISTER, registration(), 415, "unsupported_media_type", {}),
    Bad("a refresh token of noise", REFRESH, b'{"refreshToken":"x"}', 401, "refresh_token_invalid"),
    Bad("a refresh token of NULs", REFRESH, rb'{"refreshToken":"\u0000\u0000"}', 401, "refresh_token_invalid"),
    Bad("a stranger", LOGIN, registration(email="nobody@example.com"), 401, "invalid_credentials"),
    Bad("a stranger with NUL", LOGIN, registration(email="no\0body"), 401, "invalid_credentials"),
    Bad("a 73-byte stranger", LOGIN, registration(password="Aa1!" + "x" * 69), 401, "invalid_credentials"),
]


@pytest.mark.parametrize("bad", BODIES, ids=lambda bad: bad.name)
def test_a_bad_body_gets_its_problem(api: Api, bad: Bad) -> None:
    answer = api.send("POST", bad.path, body=bad.body, headers=bad.headers)

    assert (answer.status, answer.code) == (bad.status, bad.code), answer.body
    if bad.code == "validation_failed":
        errors = answer.json()["errors"]
        assert errors
        assert all(error["field"].startswith("/") or error["field"] == "" for error in errors)
        assert all(error["code"] and error["message"] for error in errors)


def test_a_refused_registration_makes_no_account(api: Api) -> None:
    refused = api.post(REGISTER, {"email": "half@example.com", "password": PASSWORD, "phone": "call me"})
    assert refused.status == 422

    assert api.post(LOGIN, {"email": "half@example.com", "password": PASSWORD}).status == 401
    api.register("half@example.com", PASSWORD)


@pytest.mark.parametrize(
    "password",
    ["Aa1!" + "x" * 69, "Aa1!" + "🔑" * 40, "Pässwörd-Ünïcödé-1!", "Aa1! ﷽ spaces  and ﷽"],
    ids=["73 bytes", "emoji", "umlauts", "spaces"],
)
def test_long_and_foreign_passwords_are_whole(api: Api, password: str) -> None:
    email = f"long-{abs(hash(password))}@example.com"
    api.register(email, password)

    api.login(email, password)
    for near in (password[:-1], password + "x"):
        assert api.post(LOGIN, {"email": email, "password": near}).status == 401


def test_one_mailbox_is_one_account(api: Api) -> None:
    api.register("Mixed.Case@Example.com", PASSWORD)

    taken = api.post(REGISTER, {"email": "mixed.case@example.COM", "password": PASSWORD})
    assert (taken.status, taken.code) == (422, "validation_failed")
    assert [error["field"] for error in taken.json()["errors"]] == ["/email"]
    api.login("MIXED.CASE@EXAMPLE.COM", PASSWORD)


TOKENS = {
    "empty": "",
    "noise": "x",
    "no signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    "dots": "....",
    "not base64": "$$$.$$$.$$$",
    "not JSON": "bm9uc2Vuc2U.bm9uc2Vuc2U.bm9uc2Vuc2U",
    "long": "a" * 5000,
    "deep": "W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb." * 2 + "AA",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
def test_a_forged_token_is_refused(api: Api, token: str) -> None:
    answer = api.send("GET", VALIDATE, headers={"Authorization": f"Bearer {token}"})

    assert answer.status == 401
    assert answer.code in {"token_invalid", "token_missing"}
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_of_one_kind_is_not_another(api: Api) -> None:
    api.register("kinds@example.com", PASSWORD)
    tokens = api.login("kinds@example.com", PASSWORD)

    refused = api.get(VALIDATE, bearer=tokens["refreshToken"])
    assert (refused.status, refused.code) == (401, "token_invalid")
    refused = api.post(REFRESH, {"refreshToken": tokens["accessToken"]})
    assert (refused.status, refused.code) == (401, "refresh_token_invalid")


def test_every_cut_of_a_token_is_refused(api: Api) -> None:
    api.register("cuts@example.com", PASSWORD)
    tokens = api.login("cuts@example.com", PASSWORD)
    access, refresh = tokens["accessToken"], tokens["refreshToken"]

    for length in range(0, len(access), 7):
        assert api.send("GET", VALIDATE, headers={"Authorization": f"Bearer {access[:length]}"}).status == 401
    for length in range(0, len(refresh), 3):
        assert api.post(REFRESH, {"refreshToken": refresh[:length]}).code == "refresh_token_invalid"
    assert api.get(VALIDATE, bearer=access).status == 200
    assert api.post(REFRESH, {"refreshToken": refresh}).status == 200


QUERIES = {
    "limit 0": "limit=0",
    "negative limit": "limit=-1",
    "absurd limit": "limit=99999999999999999999",
    "limit of letters": "limit=many",
    "noise for a cursor": "cursor=AAAA",
    "NUL cursor": "cursor=%00",
    "long cursor": "cursor=" + "A" * 3000,
    "unknown sort": "sort=password",
    "SQL for a sort": "sort=email%3B%20DROP%20TABLE%20users",
    "unknown filter": "passwordHash=x",
    "unknown role": "role=root",
    "impossible day": "createdAfter=2026-02-31T00:00:00Z",
    "year 10000": "createdAfter=99999-01-01T00:00:00Z",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_an_absurd_query_is_refused(server: Server, super_admin: str, query: str) -> None:
    answer = server.api.get(f"/api/v1/users?{query}", bearer=super_admin)

    assert (answer.status, answer.code) == (422, "validation_failed"), answer.body


@pytest.mark.parametrize("user", ["x", "0", "%00", "..%2f..%2fetc%2fpasswd", "00000000-0000-0000-0000-000000000000"])
def test_an_absurd_user_id_is_absent(server: Server, super_admin: str, user: str) -> None:
    answer = server.api.get(f"/api/v1/users/{user}", bearer=super_admin)

    assert (answer.status, answer.code) == (404, "not_found")


def test_unknown_routes_and_methods_are_problems(api: Api) -> None:
    absent = api.get("/api/v1/nothing")
    assert (absent.status, absent.code) == (404, "not_found")
    wrong = api.send("DELETE", LOGIN)
    assert (wrong.status, wrong.code) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["allow"]


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes that no client library would, and return all that comes back."""
    address = urlsplit(server.base)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


REQUESTS = {
    "noise": b"\x00\x01\x02\x03\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "NUL in a header": b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n",
    "two lengths": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length of letters": b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    "500 headers": b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 500 + b"\r\n",
    "a header of 1 MB": b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "an address of 1 MB": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", REQUESTS.values(), ids=REQUESTS.keys())
def test_what_is_not_http_is_refused(server: Server, request_bytes: bytes) -> None:
    try:
        received = raw(server, request_bytes)
    except OSError:
        received = b""  # the connection was closed before all of it was sent

    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:200]
    assert server.api.get("/health").status == 200


HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
LOGIN_HEAD = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# Where one reader of the bytes sees one request, and another reader sees two.
SMUGGLED = {
    "both lengths": LOGIN_HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "both, turned round": LOGIN_HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 44\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked twice": LOGIN_HEAD
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "space before the colon": LOGIN_HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a folded header": LOGIN_HEAD + b"X-A: b\r\n Content-Length: 44\r\n\r\n" + HIDDEN,
    "a signed length": LOGIN_HEAD + b"Content-Length: +44\r\n\r\n" + HIDDEN,
    "a length in a list": LOGIN_HEAD + b"Content-Length: 0, 44\r\n\r\n" + HIDDEN,
    "a chunk of letters": LOGIN_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + HIDDEN,
    "bare line feeds": LOGIN_HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 44\n\n" + HIDDEN,
}


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_v4_2_1_nothing_is_smuggled_behind_a_request(server: Server, request_bytes: bytes) -> None:
    try:
        received = raw(server, request_bytes)
    except OSError:
        received = b""

    # One answer at most: the second request was never seen, or the first one was refused and the connection closed.
    assert received.count(b"HTTP/1.1 ") <= 1, received
    assert b" 200 " not in received, received
    assert b" 404 " not in received, received
    assert server.api.get("/health").status == 200


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "get"])
def test_v13_4_4_methods_for_debugging_are_off(server: Server, method: str) -> None:
    received = raw(server, f"{method} /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nX-Secret: abc\r\n\r\n".encode())

    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:200]
    assert b"abc" not in received


@pytest.mark.parametrize("given", ["a b", "x" * 500, "<script>", "é"], ids=["space", "long", "script", "letter"])
def test_a_bad_request_id_is_replaced(api: Api, given: str) -> None:
    answer: Answer = api.send("GET", "/health", headers={"X-Request-Id": given.encode().decode("latin-1")})

    assert answer.status == 200
    assert answer.headers["x-request-id"] not in {None, "", given}
