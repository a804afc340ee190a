"""The Next.js application, in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

import pytest

from conftest import Person, Run
from running import EXAMPLES, Example

NEXT = str(EXAMPLES / "node_modules" / "next" / "dist" / "bin" / "next")
QUIET = {"NEXT_TELEMETRY_DISABLED": "1"}
# A revocation is honoured within this time after it was acknowledged, in seconds.
SOON = 1.0


@pytest.fixture(scope="module")
def app(run: Run) -> Example:
    """Build it and start it."""
    built = subprocess.run(
        ["node", NEXT, "build"],  # noqa: S607 - found on the path on purpose
        cwd=EXAMPLES / "nextjs-app",
        env=os.environ | QUIET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return run("nextjs-app", "node", NEXT, "start", "--port", "{port}", **QUIET)


def test_a_person_signs_in_and_out(
    app: Example, settings: dict[str, str], ada: Person, node: Callable[..., str]
) -> None:
    seen = json.loads(node("next.mjs", app.base, settings["NTT_AUTH_URL"], ada.email, ada.password))

    assert seen["sentTo"] == "/login?next=%2Faccount"
    assert seen["refused"] == "Email address or password is wrong."
    assert seen["path"] == "/account"
    assert seen["role"] == 1
    assert seen["httpOnly"] is True
    assert seen["secure"] is True
    assert seen["scripts"] == "{}"
    assert seen["statuses"] == {"before": 401, "mine": 200, "forbidden": 403, "after": 401}
    assert seen["revocation"] < SOON
    # The browser speaks to the application alone.
    assert seen["foreign"] == []
    assert seen["complaints"] == []


def test_programs_are_let_in_by_their_token(app: Example, ada: Person, admin: Person) -> None:
    answer = app.api.get("/api/notes", bearer=ada.sign_in()["accessToken"])
    assert answer.json() == {"owner": ada.user_id, "notes": ["Buy milk"]}
    assert app.api.send("DELETE", "/api/notes", bearer=ada.sign_in()["accessToken"]).status == 403
    assert app.api.send("DELETE", "/api/notes", bearer=admin.sign_in()["accessToken"]).status == 204
    assert app.api.get("/api/notes").status == 401
