"""The documentation page works in a real browser, offline, under a strict content security policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import Node
from harness.server import Server


@pytest.mark.browser
@pytest.mark.node
def test_swagger_ui_works_offline_under_a_strict_policy(server: Server, node: Node, tmp_path: Path) -> None:
    screenshot = tmp_path / "docs.png"

    seen = json.loads(node("docs.mjs", server.base, str(screenshot)))

    assert seen["operations"] >= 20
    assert seen["status"].startswith("200")
    assert seen["complaints"] == []
    assert seen["foreign"] == []
    assert "'unsafe-inline'" not in seen["policy"].split("style-src")[0]
    assert "'unsafe-eval'" not in seen["policy"]
    assert "default-src 'none'" in seen["policy"] or "default-src 'self'" in seen["policy"]
    assert screenshot.stat().st_size > 10_000
