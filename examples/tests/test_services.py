"""The services: FastAPI, Flask, Django and Express have the same routes, and let in the same people."""

from __future__ import annotations

import sys

import pytest

from conftest import Person, Run
from harness.server import Server
from running import Example, until

PYTHON = sys.executable
# A revocation is honoured within this time after it was acknowledged, in seconds.
SOON = 1.0

COMMANDS = {
    "fastapi-service": (PYTHON, "-m", "uvicorn", "app:app", "--port", "{port}", "--no-access-log"),
    "flask-app": (PYTHON, "-m", "flask", "run", "--port", "{port}"),
    "django-app": (PYTHON, "manage.py", "runserver", "--noreload", "{port}"),
    "express-api": ("node", "server.js"),
}


@pytest.fixture(scope="module", params=COMMANDS)
def service(request: pytest.FixtureRequest, run: Run) -> Example:
    """Return each service in turn."""
    return run(request.param, *COMMANDS[request.param])


def test_whoever_is_not_signed_in_is_refused(service: Example) -> None:
    answer = service.api.get("/notes")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_whoever_is_signed_in_is_let_in(service: Example, ada: Person) -> None:
    answer = service.api.get("/notes", bearer=ada.sign_in()["accessToken"])
    assert answer.status == 200, answer.body
    assert answer.json() == {"owner": ada.user_id, "notes": ["Buy milk"]}


def test_who_asks_may_be_anybody_where_that_is_said(service: Example, ada: Person) -> None:
    assert service.api.get("/").json() == {"hello": "stranger"}
    assert service.api.get("/", bearer=ada.sign_in()["accessToken"]).json() == {"hello": ada.user_id}
    assert service.api.get("/", bearer="not.a.token").status == 401


def test_a_role_is_asked_for(service: Example, ada: Person, admin: Person) -> None:
    assert service.api.send("DELETE", "/notes", bearer=ada.sign_in()["accessToken"]).status == 403
    assert service.api.send("DELETE", "/notes", bearer=admin.sign_in()["accessToken"]).status == 204
    assert service.api.send("DELETE", "/notes").status == 401


def test_a_token_that_was_altered_is_refused(service: Example, ada: Person) -> None:
    token = ada.sign_in()["accessToken"]
    head, payload, signature = token.split(".")
    other = signature[:-9] + ("A" if signature[-9] != "A" else "B") + signature[-8:]
    assert service.api.get("/notes", bearer=f"{head}.{payload}.{other}").status == 401


def test_signing_out_is_honoured_within_a_second(service: Example, server: Server, ada: Person) -> None:
    tokens = ada.sign_in()
    token = tokens["accessToken"]
    assert service.api.get("/notes", bearer=token).status == 200
    signed_out = server.api.post("/api/v1/auth/logout", {"refreshToken": tokens["refreshToken"]})
    assert signed_out.status == 204
    assert until(lambda: service.api.get("/notes", bearer=token), 401) < SOON


def test_a_suspension_is_honoured_within_a_second(service: Example, server: Server, ada: Person, admin: Person) -> None:
    token = ada.sign_in()["accessToken"]
    assert service.api.get("/notes", bearer=token).status == 200
    path = f"/api/v1/users/{ada.user_id}/suspend"
    assert server.api.send("POST", path, json_body={}, bearer=admin.sign_in()["accessToken"]).status == 200
    assert until(lambda: service.api.get("/notes", bearer=token), 401) < SOON
