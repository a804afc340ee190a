"""The first administrator is made by a link that works once, with or without a browser."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from harness import PASSWORD, Node, Start
from harness.server import Server

ADMIN = "grace@example.com"


class Form(HTMLParser):
    """The one form of a page: where it goes, and its fields."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.passwords: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the form and its inputs."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert attributes["method"].lower() == "post"
            self.action = attributes.get("action", "")
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")
            if attributes.get("type") == "password":
                self.passwords.append(attributes["name"])


def path_of(url: str) -> str:
    """Return what a request line needs of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def link_of(server: Server) -> str:
    """Return the link that the server printed."""
    link = server.setup_link()
    assert link is not None, "".join(server.output)
    return link


def is_super_admin(server: Server) -> bool:
    """Whether the administrator can sign in and is one."""
    user = server.api.login(ADMIN, PASSWORD)["user"]
    return user["role"] == "super_admin" and user["isSuperuser"] is True


def submit(server: Server, link: str, email: str = ADMIN, password: str = PASSWORD) -> int:
    """Fill in the form behind the link, send it, and return the status."""
    page = server.api.get(path_of(link))
    if page.status != 200:
        return page.status
    form = Form(page.body.decode())
    filled = form.fields | {"email": email} | dict.fromkeys(form.passwords, password)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.base}
    target = path_of(urljoin(link, form.action))
    return server.api.send("POST", target, body=urlencode(filled).encode(), headers=headers).status


def test_the_link_works_once(start: Start) -> None:
    server = start()
    link = link_of(server)
    server.api.secrets.add(PASSWORD)

    assert submit(server, link) < 400
    assert is_super_admin(server)
    assert submit(server, link, "mallory@example.com") in {403, 404, 410}
    refused = server.api.post("/api/v1/auth/login", {"email": "mallory@example.com", "password": PASSWORD})
    assert refused.status == 401


def test_a_refused_form_leaves_the_link_open(start: Start) -> None:
    server = start()
    link = link_of(server)

    assert 400 <= submit(server, link, password="short") < 500
    assert submit(server, link) < 400
    assert is_super_admin(server)


def test_no_link_is_printed_once_there_is_an_administrator(start: Start, tmp_path: Path) -> None:
    first = start(folder=tmp_path)
    assert submit(first, link_of(first)) < 400
    first.stop()

    second = start(folder=tmp_path)

    assert second.setup_link() is None
    assert is_super_admin(second)


def test_a_guessed_link_opens_nothing(start: Start) -> None:
    server = start()
    link = link_of(server)
    guessed = link[:-6] + ("AAAAAA" if not link.endswith("AAAAAA") else "BBBBBB")

    assert server.api.get(path_of(guessed)).status in {403, 404, 410}
    assert server.api.get(path_of(link)).status == 200


@pytest.mark.browser
@pytest.mark.node
def test_the_form_works_in_a_browser_without_javascript(start: Start, node: Node, tmp_path: Path) -> None:
    server = start()
    screenshot = tmp_path / "first-admin.png"

    seen = json.loads(node("first-admin.mjs", server.base, link_of(server), ADMIN, PASSWORD, str(screenshot)))

    assert seen["status"] < 400
    assert seen["complaints"] == []
    assert seen["foreign"] == []
    assert is_super_admin(server)
