"""Several servers on one database are one: what one of them does is in force on the others within a second."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import PASSWORD, Start
from harness.api import Api
from harness.balancer import Balancer
from harness.engines import Engine, free_port, wait_for
from harness.load import AUTH, Client, Load
from harness.mail import MailServer
from harness.server import Server

NEW_PASSWORD = "Difference-Engine-1822"
# TOK-9: from an acknowledged revocation until it is in force everywhere.
AGREED_WITHIN = 1.0
SETTINGS = {
    "NTT_AUTH__LOG__LEVEL": "info",
    "NTT_AUTH__PUBLIC_URL": "http://auth.example.com",
    "NTT_AUTH__KEYS__MASTER_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


@dataclass
class Nodes:
    """Three servers on one database, and how each is started again."""

    settings: dict[str, str]
    folders: list[Path]
    start: Start
    running: list[Server]

    @property
    def apis(self) -> list[Api]:
        """Their APIs."""
        return [server.api for server in self.running]

    def restart(self, place: int) -> None:
        """Stop one as an operator would, and start it where it was."""
        old = self.running[place]
        old.stop()
        listen = {"NTT_AUTH__HTTP__LISTEN": old.base.removeprefix("http://")}
        self.running[place] = self.start(self.settings | listen, self.folders[place])


def start_nodes(start: Start, engine: Engine, folder: Path, **settings: str) -> Nodes:
    """Start three servers at one time on an empty database."""
    settings = SETTINGS | {"NTT_AUTH__DATABASE__URL": engine.new_database()} | settings
    folders = [folder / f"node{number}" for number in range(3)]
    for one in folders:
        one.mkdir()
    with ThreadPoolExecutor(3) as starting:
        running = list(starting.map(lambda one: start(settings, one), folders))
    return Nodes(settings, folders, start, running)


@pytest.fixture(scope="module")
def nodes(engine: Engine, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Run three servers that tests share."""
    from harness.server import Binary  # noqa: PLC0415 - only here servers outlive a test

    started: list[Server] = []

    def start(settings: dict[str, str], folder: Path) -> Server:
        started.append(Server(Binary(program, folder, settings)))
        return started[-1]

    yield start_nodes(start, engine, tmp_path_factory.mktemp(f"nodes-{engine.name}"))
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def admin(nodes: Nodes) -> str:
    """Return the access token of a super administrator."""
    create = ["user", "create", "root@example.com", "--role", "super_admin", "--password-stdin"]
    made = nodes.running[0].binary.run(*create, stdin=PASSWORD)
    assert made.returncode == 0, made.stderr
    return str(nodes.apis[0].login("root@example.com", PASSWORD)["accessToken"])


@dataclass
class Person:
    """Somebody who signed in twice."""

    email: str
    id: str
    here: dict[str, Any]
    there: dict[str, Any]


def validates(api: Api, token: str) -> int:
    """Return the status of a validation."""
    return api.get(f"{AUTH}/validate", bearer=token).status


def is_refused(api: Api, token: str) -> bool:
    """Whether a token is not valid."""
    return validates(api, token) == 401


def own(api: Api, person: Person, verb: str, body: object = None) -> int:
    """Do something to one's own account."""
    return api.post(verb, body if body is not None else {}, bearer=person.here["accessToken"]).status


def manage(api: Api, person: Person, admin: str, verb: str) -> int:
    """Do something to somebody's account."""
    return api.post(f"/api/v1/users/{person.id}/{verb}", bearer=admin).status


Act = Callable[[Api, Person, str], int]
# What ends sessions, and which of the two it ends.
ACTS: dict[str, tuple[Act, tuple[str, ...]]] = {
    "logout": (lambda api, person, _: own(api, person, f"{AUTH}/logout"), ("here",)),
    "logout-all": (lambda api, person, _: own(api, person, f"{AUTH}/logout-all"), ("here", "there")),
    "change-password": (
        lambda api, person, _: own(
            api, person, f"{AUTH}/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        ),
        ("there",),
    ),
    "end-session": (
        lambda api, person, _: (
            api.send(
                "DELETE",
                f"{AUTH}/sessions/{person.there['sessionId']}",
                bearer=person.here["accessToken"],
            ).status
        ),
        ("there",),
    ),
    "erase": (
        lambda api, person, _: own(api, person, "/api/v1/users/me/erase", {"currentPassword": PASSWORD}),
        ("here", "there"),
    ),
    "suspend": (lambda api, person, admin: manage(api, person, admin, "suspend"), ("here", "there")),
    "logout-all-by-admin": (lambda api, person, admin: manage(api, person, admin, "logout-all"), ("here", "there")),
    "delete": (
        lambda api, person, admin: api.send("DELETE", f"/api/v1/users/{person.id}", bearer=admin).status,
        ("here", "there"),
    ),
    "change-role": (
        lambda api, person, admin: (
            api.send("PATCH", f"/api/v1/users/{person.id}/role", json_body={"role": "moderator"}, bearer=admin).status
        ),
        ("here", "there"),
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_was_revoked_on_one_is_refused_on_all(nodes: Nodes, admin: str, act: str) -> None:
    first, *others = nodes.apis
    email = f"{act}@example.com"
    first.register(email, PASSWORD)
    here, there = first.login(email, PASSWORD), others[0].login(email, PASSWORD)
    person = Person(email, here["user"]["userId"], here, there)
    for api in nodes.apis:
        assert validates(api, person.here["accessToken"]) == 200
        assert validates(api, person.there["accessToken"]) == 200

    do, ended = ACTS[act]
    status = do(first, person, admin)
    acknowledged = time.monotonic()

    assert status in {200, 204}
    for which in ended:
        token = getattr(person, which)["accessToken"]
        assert validates(first, token) == 401
        for api in others:
            refused = partial(is_refused, api, token)
            wait_for(f"{act} to be known", refused, AGREED_WITHIN)
        assert time.monotonic() - acknowledged < AGREED_WITHIN
        for api in nodes.apis:
            refresh = {"refreshToken": getattr(person, which)["refreshToken"]}
            if act != "change-role":
                assert api.post(f"{AUTH}/refresh", refresh).status == 401


def test_who_registers_on_one_signs_in_and_refreshes_on_any(nodes: Nodes) -> None:
    first, second, third = nodes.apis
    first.register("walker@example.com", PASSWORD)
    tokens = second.login("walker@example.com", PASSWORD)
    for api in (third, first, second, third):
        answer = api.post(f"{AUTH}/refresh", {"refreshToken": tokens["refreshToken"]})
        assert answer.status == 200, answer.body
        tokens = answer.json()
        assert {validates(each, tokens["accessToken"]) for each in nodes.apis} == {200}


def test_one_refresh_token_used_on_two_nodes_at_once_has_one_successor(nodes: Nodes) -> None:
    first, *_ = nodes.apis
    first.register("tabs@example.com", PASSWORD)
    token = first.login("tabs@example.com", PASSWORD)["refreshToken"]
    with ThreadPoolExecutor(6) as tabs:
        for _ in range(5):
            used = token
            answers = list(
                tabs.map(lambda api: api.post(f"{AUTH}/refresh", {"refreshToken": used}), nodes.apis * 2)  # noqa: B023
            )
            assert {answer.status for answer in answers} == {200}
            (token,) = {answer.json()["refreshToken"] for answer in answers}


def published(api: Api) -> tuple[str, ...]:
    """Return the ids of the published keys."""
    return tuple(sorted(key["kid"] for key in api.get("/.well-known/jwks.json").json()["keys"]))


def key_ids(listed: str) -> tuple[str, ...]:
    """Return the ids in what `keys rotate` prints."""
    return tuple(sorted(line.split()[0] for line in listed.splitlines()[1:] if line.strip()))


def test_keys_rotate_under_load_and_no_validation_fails(nodes: Nodes) -> None:
    tokens: list[str] = []
    known: list[tuple[str, ...]] = []
    with Load(nodes.running[0].base, "rotation") as one, Load(nodes.running[1].base, "rotation-too") as two:
        for _ in range(4):
            tokens.append(nodes.apis[2].login("rotation-person0@example.com", PASSWORD)["accessToken"])
            made = nodes.running[2].binary.run("keys", "rotate", "--force")
            assert made.returncode == 0, made.stderr
            known.append(key_ids(made.stdout))
            wait_for(
                "all to know the keys", lambda: {published(api) for api in nodes.apis} == {known[-1]}, AGREED_WITHIN
            )
            for api in nodes.apis:
                assert {validates(api, token) for token in tokens} == {200}
            one.await_answered(2, time.monotonic(), well=True)
            two.await_answered(2, time.monotonic(), well=True)
    for load in (one, two):
        assert load.statuses(["validate"]).keys() == {"validate 200"}
        assert load.statuses(["refused"]).keys() == {"refused 401"}
        assert not [status for status in load.statuses(load.WRITES) if status.endswith((" 0", " 500", " 503", " 401"))]
        load.ledger.check(nodes.running[2].base)
    listed = nodes.running[0].binary.run("keys", "list", "--json")
    states = [json.loads(line)["state"] for line in listed.stdout.splitlines()]
    assert states.count("current") == 1
    assert states.count("next") == 1
    assert states.count("retired") == 4


def test_a_mail_is_sent_once_whoever_owes_it(mail: MailServer, start: Start, engine: Engine, tmp_path: Path) -> None:
    nodes = start_nodes(start, engine, tmp_path, **mail.settings())
    people = [f"once{number}@example.com" for number in range(12)]
    for number, email in enumerate(people):
        api = nodes.apis[number % 3]
        api.register(email, PASSWORD)
        tokens = api.login(email, PASSWORD)
        body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
        assert api.post(f"{AUTH}/change-password", body, bearer=tokens["accessToken"]).status == 204
    for email in people:
        mail.wait_for(email, "password-changed")
    # Each node has looked for jobs again when this mail, owed after all others, was sent.
    nodes.apis[0].register("last@example.com", PASSWORD)
    tokens = nodes.apis[0].login("last@example.com", PASSWORD)
    body = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    assert nodes.apis[0].post(f"{AUTH}/change-password", body, bearer=tokens["accessToken"]).status == 204
    mail.wait_for("last@example.com", "password-changed")
    again = [received for received in mail.received if received.message["X-Letter"] == "password-changed"]
    assert not again


def test_three_that_start_at_once_on_nothing_agree(start: Start, engine: Engine, tmp_path: Path) -> None:
    nodes = start_nodes(start, engine, tmp_path)
    migrated = [migrations(server) for server in nodes.running]
    assert sorted(count > 0 for count in migrated) == [False, False, True], migrated
    (keys,) = {published(api) for api in nodes.apis}
    assert len(keys) == 2
    # What one sealed or derived is opened by the others.
    nodes.apis[0].register("ada@example.com", PASSWORD)
    tokens = nodes.apis[1].login("ada@example.com", PASSWORD)
    assert {validates(api, tokens["accessToken"]) for api in nodes.apis} == {200}
    assert nodes.apis[2].post(f"{AUTH}/refresh", {"refreshToken": tokens["refreshToken"]}).status == 200


def migrations(server: Server) -> int:
    """Return how many steps of migrations a server took when it started."""
    wait_for("the line of the log", lambda: any('"migrated"' in line for line in server.log))
    line = next(line for line in server.log if '"migrated"' in line)
    event = json.loads(line)
    return int(event.get("migrated", event.get("fields", {}).get("migrated")))


def agreed(load: Load, nodes: Nodes) -> Load:
    """Wait until all know what a load has revoked before it begins."""
    wait_for("all to know", lambda: {validates(api, load.gone) for api in nodes.apis} == {401}, AGREED_WITHIN)
    return load


def test_a_rolling_restart_fails_no_request(start: Start, engine: Engine, tmp_path: Path) -> None:
    nodes = start_nodes(start, engine, tmp_path, NTT_AUTH__HTTP__DRAIN="1s")
    ports = [int(server.base.rsplit(":", 1)[1]) for server in nodes.running]
    with Balancer(ports) as balancer, agreed(Load(balancer.base), nodes) as load:
        wait_for("all to be ready", lambda: balancer.ready == set(ports))
        load.await_answered(5, time.monotonic(), well=True)
        for place in range(3):
            nodes.restart(place)
            wait_for("all to be ready", lambda: balancer.ready == set(ports))
            load.await_answered(3, time.monotonic(), well=True)
    assert load.statuses(["validate"]).keys() == {"validate 200"}
    assert load.statuses(["refused"]).keys() == {"refused 401"}
    failed = [status for status in load.statuses(load.WRITES) if int(status.split()[1]) not in {200, 201, 204}]
    assert not failed, load.statuses(load.WRITES)
    load.ledger.check(nodes.running[0].base)


def test_a_server_that_was_told_to_stop_is_not_ready_and_answers_for_a_moment(start: Start) -> None:
    server = start({"NTT_AUTH__HTTP__DRAIN": "30s"})
    with ExitStack() as clients:
        kept, fresh = Client(server.base), Client(server.base)
        for client in (kept, fresh):
            clients.callback(client.hang_up)
        assert kept.shoot("ready", "GET", "/health/ready").status == 200
        server.ask_to_stop()
        wait_for("it to say so", lambda: fresh.shoot("ready", "GET", "/health/ready").status == 503)
        assert kept.shoot("live", "GET", "/health/live").status == 200
        # The connection was closed with that answer, as the answer said.
        assert not kept.is_connected
    assert free_port() != int(server.base.rsplit(":", 1)[1])
    # Asked a second time it ends at once.
    server.stop()
