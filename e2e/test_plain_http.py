"""Pages work where a browser tells little about itself: over plain http, under a name that is not this machine's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import PASSWORD, Node, Start


@pytest.mark.browser
@pytest.mark.node
def test_e42_forms_are_sent_over_plain_http_under_another_name(start: Start, node: Node, tmp_path: Path) -> None:
    server = start()
    link = server.setup_link()
    assert link is not None
    # The browser of these tests finds this machine under this name, and does not trust it as it trusts localhost.
    base = server.base.replace("127.0.0.1", "auth.test")
    filled = [{"email": "grace@example.com", "password": "short"}, {"email": "grace@example.com", "password": PASSWORD}]

    arguments = (base, link.replace(server.base, base), "en", str(tmp_path / "setup"), json.dumps(filled))
    seen = json.loads(node("page.mjs", *arguments))

    assert [step["status"] for step in seen["steps"]] == [200, 422, 201], seen
    assert seen["foreign"] == []
    user = server.api.login("grace@example.com", PASSWORD)["user"]
    assert user["role"] == "super_admin"
