"""The React page, in a real browser and in browser mode."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from conftest import Person, Run
from running import EXAMPLES, Example

VITE = str(EXAMPLES / "node_modules" / "vite" / "bin" / "vite.js")
# A page learns of a revocation with its next request; this is the time for a whole reload, in seconds.
RELOADED = 5.0


@pytest.fixture(scope="module")
def page(run: Run, settings: dict[str, str], spa_port: int, tmp_path_factory: pytest.TempPathFactory) -> Example:
    """Build it and serve it."""
    folder = tmp_path_factory.mktemp("page")
    built = subprocess.run(
        ["node", VITE, "build", "--outDir", folder],  # noqa: S607 - found on the path on purpose
        cwd=EXAMPLES / "react-spa",
        env=os.environ | {"VITE_NTT_AUTH_URL": settings["NTT_AUTH_URL"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    preview = ("node", VITE, "preview", "--outDir", str(folder), "--strictPort", "--port", "{port}")
    return run("react-spa", *preview, port=spa_port)


def test_a_person_signs_in_and_out(
    page: Example, settings: dict[str, str], ada: Person, node: Callable[..., str]
) -> None:
    address = settings["NTT_AUTH_URL"]
    seen = json.loads(node("spa.mjs", page.base, address, ada.email, ada.password))

    assert seen["refused"] == "Email address or password is wrong."
    assert seen["role"] == 1
    assert seen["refreshTokenSeen"] is False
    assert seen["revocation"] < RELOADED
    assert seen["complaints"] == []
    assert all(url.startswith(address) for url in seen["foreign"])
