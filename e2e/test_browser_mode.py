"""Browser mode in a real browser: cookies that no script reads and no other page uses."""

from __future__ import annotations

import json

import pytest

from harness import Node
from harness.api import Api
from harness.server import Server

PASSWORD = "Correct-Horse-7-Battery"


@pytest.mark.browser
@pytest.mark.node
def test_tok11_e42_v3_3_a_browser_keeps_its_session_in_a_cookie(server: Server, api: Api, node: Node) -> None:
    api.register("grace@example.com", PASSWORD)
    base = server.base.replace("127.0.0.1", "localhost")

    seen = json.loads(node("cookies.mjs", base, "grace@example.com", PASSWORD))

    assert seen["signedIn"]["status"] == 200
    assert "refreshToken" not in seen["signedIn"]["names"]
    assert {cookie["name"] for cookie in seen["jar"]} == {"__Host-ntt_refresh", "__Host-ntt_csrf", "__Host-ntt_device"}
    for cookie in seen["jar"]:
        assert cookie["secure"]
        assert cookie["sameSite"] == "Strict"
        assert cookie["path"] == "/"
        assert cookie["httpOnly"] == (cookie["name"] != "__Host-ntt_csrf")
    assert "ntt_rt_" not in seen["scripts"]
    assert "ntt_dt_" not in seen["scripts"]
    assert "ntt_rt_" not in seen["stored"]
    assert seen["tabs"] == [200, 200]
    assert seen["unproven"] == [403, "csrf_refused"]
    assert seen["stranger"] == [0, 0, 0]
    assert seen["still"] == 200
    assert seen["out"] == 204
    assert seen["after"] == ["__Host-ntt_device"]
    assert seen["over"] in (401, 422)
