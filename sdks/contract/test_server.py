"""The real server takes what the contract says that clients send. Needs the server's program: `NTT_AUTH_BIN`.

Requests of `operations.json` are sent as they stand, but for their tokens and ids: a server that starts empty knows none of
those, and says so. What it must not say is that it does not know the request.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from harness import PASSWORD
from harness.api import Answer
from harness.logs import LOGS
from harness.server import Binary, Server

from files import ROOT, read

PROGRAM = Path(os.environ.get("NTT_AUTH_BIN", ROOT / "target" / "debug" / "ntt-auth"))
pytestmark = pytest.mark.skipif(not PROGRAM.is_file(), reason=f"{PROGRAM} is not there")

FEED_TOKEN, METRICS_TOKEN = "a-feed-token-of-at-least-32-characters", "a-metrics-token-of-32-characters"
# Of the request itself, whatever it is about.
NOT_KNOWN = {"malformed_request", "method_not_allowed", "unsupported_media_type", "uri_too_long", "token_missing"}
FIELDS_NOT_KNOWN = {"unknown_field", "unknown_value", "wrong_type", "required", "ambiguous"}
# Places and cursors of the cases are of no list of this server.
OF_ANOTHER_LIST = {"/cursor", "/after"}
CASES = [case for case in read("operations.json")["cases"] if "only" not in case]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    LOGS.folder = tmp_path_factory.mktemp("logs")
    settings = {
        "NTT_AUTH__REVOCATIONS__FEED_TOKEN": FEED_TOKEN,
        "NTT_AUTH__METRICS__TOKEN": METRICS_TOKEN,
        "NTT_AUTH__ACCOUNTS__OPTIONAL_CONSENTS": "terms:2026-01",
    }
    running = Server(Binary(PROGRAM, tmp_path_factory.mktemp("server"), settings))
    yield running
    running.stop()


@pytest.fixture
def tokens(server: Server) -> dict[str, Any]:
    """Give the tokens of somebody new who may do everything: a case may end the session, the account, or everything."""
    email = f"{uuid.uuid4().hex}@example.com"
    made = server.binary.run("user", "create", email, "--role", "super_admin", "--password-stdin", stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    return server.api.login(email, PASSWORD)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_server_knows_the_request(server: Server, tokens: dict[str, Any], case: Any) -> None:
    step = case["steps"][0]
    for exchange in step.get("exchange", ())[:1]:
        answer = sent(server, tokens, exchange["request"])
        expected = exchange["response"]["status"]
        if answer.status == expected or answer.status < 300:
            return
        problem = answer.json()
        assert problem["code"] not in NOT_KNOWN, problem
        unknown = [one for one in problem.get("errors", ()) if one["code"] in FIELDS_NOT_KNOWN]
        assert [one for one in unknown if one["field"] not in OF_ANOTHER_LIST] == [], problem


def sent(server: Server, tokens: dict[str, Any], request: Any) -> Answer:
    authorization = (request.get("headers") or {}).get("Authorization") or ""
    bearers = {"feed": FEED_TOKEN, "metrics": METRICS_TOKEN, "access-1": tokens["accessToken"]}
    bearer = next((token for said, token in bearers.items() if said in authorization), None)
    if "access-of-another" in authorization:
        bearer = tokens["accessToken"]
    path = request["path"] + ("?" + urlencode(request["query"]) if "query" in request else "")
    headers = {name: value for name, value in (request.get("headers") or {}).items() if name != "Authorization"}
    if path.startswith("/api/v1/revocations/stream"):
        # It would not end; without a place that it knows it does.
        headers["Last-Event-ID"] = "999999-00000000"
    body = request["text"].encode() if "text" in request else None
    json_body = request.get("json")
    if json_body is not None and "refreshToken" in json_body:
        json_body = {"refreshToken": tokens["refreshToken"]}
    # Lists and objects go along with what they are in.
    assert json_body is None or json.dumps(json_body)
    return server.api.send(request["method"], path, json_body=json_body, body=body, bearer=bearer, headers=headers)
