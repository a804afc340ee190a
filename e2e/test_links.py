"""What mails ask for is done by their links, in a browser without JavaScript, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from harness import PASSWORD, Node, Start
from harness.mail import MailServer
from harness.server import Server

ADA = "ada@example.com"
LOVELACE = "lovelace@example.com"
NEW_PASSWORD = "Difference-Engine-1822"
WEAK = "short"
LANGUAGES = ["en", "ja"]

pytestmark = [pytest.mark.browser, pytest.mark.node]

Step = dict[str, Any]
Visit = Callable[..., list[Step]]

# What a page says, in each language.
WORDS = {
    "en": {
        "verify": "Verify your email address",
        "verified": "Your address is verified",
        "closed": "This link is not good any more",
        "forgot": "Forgotten your password?",
        "sent": "Look into your mailbox",
        "reset": "Choose a new password",
        "weak": "at least",
        "was-reset": "Your password is set",
        "confirm": "Confirm your new email address",
        "moved": "Your account has the new address",
        "not-me": "Was this not you?",
        "ended": "Every sign-in has ended",
    },
    "ja": {
        "verify": "メールアドレスの確認",
        "verified": "メールアドレスを確認しました",
        "closed": "このリンクは使えません",
        "forgot": "パスワードをお忘れの場合",
        "sent": "メールをご確認ください",
        "reset": "新しいパスワードの設定",
        "weak": "短すぎます",
        "was-reset": "パスワードを設定しました",
        "confirm": "新しいメールアドレスの確認",
        "moved": "メールアドレスを変更しました",
        "not-me": "お心当たりがありませんか",
        "ended": "すべてのサインインを終了しました",
    },
}


@dataclass
class Installation:
    """A server that sends mail, and a browser of somebody who reads a language."""

    server: Server
    mail: MailServer
    language: str
    visit: Visit

    def register(self) -> None:
        """Make Ada's account."""
        body = {"email": ADA, "password": PASSWORD, "locale": self.language}
        made = self.server.api.post("/api/v1/auth/register", body)
        assert made.status == 201, made.body

    def link(self, recipient: str, letter: str) -> str:
        """Return the link of a letter in the reader's language."""
        received = self.mail.wait_for(recipient, letter)
        assert received.message["Content-Language"] == self.language
        assert received.link.startswith(self.server.base)
        assert received.link in unescape(received.html)
        self.server.api.secrets.add(received.link.rsplit("=", 1)[-1])
        return received.link

    def titles(self, steps: list[Step]) -> list[str]:
        """Return which pages these are."""
        names = {title: name for name, title in WORDS[self.language].items()}
        return [names.get(str(step["title"]), str(step["title"])) for step in steps]

    def sign_in(self, password: str, email: str = ADA) -> int:
        """Return what a sign-in is answered with."""
        return self.server.api.post("/api/v1/auth/login", {"email": email, "password": password}).status

    def is_good(self, tokens: dict[str, Any]) -> bool:
        """Whether a session can still be refreshed."""
        return self.server.api.post("/api/v1/auth/refresh", {"refreshToken": tokens["refreshToken"]}).status == 200


@pytest.fixture(params=LANGUAGES)
def there(request: pytest.FixtureRequest, mail: MailServer, start: Start, node: Node, tmp_path: Path) -> Installation:
    """Start a server that sends its mail there, for a reader of each language."""
    server = start(mail.settings())
    language: str = request.param

    def visit(url: str, *filled: dict[str, str], name: str) -> list[Step]:
        seen = json.loads(node("page.mjs", server.base, url, language, str(tmp_path / name), json.dumps(filled)))
        # That a form was refused is told to the console by the browser itself.
        assert [line for line in seen["complaints"] if "status of 4" not in line] == []
        assert seen["foreign"] == []
        for step in seen["steps"]:
            assert step["lang"] == language
            assert not step["overflows"], step
        steps: list[Step] = seen["steps"]
        return steps

    return Installation(server, mail, language, visit)


def test_acc7_an_address_is_verified_by_the_link_of_its_mail(there: Installation) -> None:
    there.register()
    tokens = there.server.api.login(ADA, PASSWORD)
    assert not tokens["user"]["isEmailVerified"]
    link = there.link(ADA, "verify-email")

    steps = there.visit(link, {}, name="verify")

    assert there.titles(steps) == ["verify", "verified"]
    assert there.server.api.login(ADA, PASSWORD)["user"]["isEmailVerified"]


def test_a_link_that_was_altered_says_so_and_changes_nothing(there: Installation) -> None:
    there.register()
    link = there.link(ADA, "verify-email")
    altered = link[:-4] + ("AAAA" if not link.endswith("AAAA") else "BBBB")

    steps = there.visit(altered, {}, name="closed")

    assert there.titles(steps) == ["verify", "closed"]
    assert steps[1]["status"] == 410
    assert not there.server.api.login(ADA, PASSWORD)["user"]["isEmailVerified"]


def test_acc6_a_forgotten_password_is_chosen_anew_and_a_weak_one_loses_nothing(there: Installation) -> None:
    there.register()
    tokens = there.server.api.login(ADA, PASSWORD)
    asked = there.visit(f"{there.server.base}/forgot-password", {"email": "ada"}, {"email": ADA}, name="forgot")
    assert there.titles(asked) == ["forgot", "forgot", "sent"]
    assert [step["status"] for step in asked] == [200, 422, 202]
    assert asked[0]["inputs"] == [{"type": "email", "autocomplete": "email", "value": ""}]
    assert asked[1]["inputs"][0]["value"] == "ada", "what was typed is kept"
    link = there.link(ADA, "reset-password")
    for password in (WEAK, NEW_PASSWORD):
        assert there.sign_in(password) == 401

    steps = there.visit(link, {"newPassword": WEAK}, {"newPassword": NEW_PASSWORD}, name="reset")

    there.server.api.secrets.add(NEW_PASSWORD)
    assert there.titles(steps) == ["reset", "reset", "was-reset"]
    assert [step["status"] for step in steps] == [200, 422, 200]
    assert WORDS[there.language]["weak"] in steps[1]["text"]
    for step in steps[:2]:
        assert step["inputs"] == [{"type": "password", "autocomplete": "new-password", "value": ""}]
    assert there.sign_in(PASSWORD) == 401
    assert there.sign_in(NEW_PASSWORD) == 200
    assert not there.is_good(tokens)
    again = there.visit(link, name="used")
    assert there.titles(again) == ["closed"]
    assert again[0]["status"] == 410


def test_acc8_an_account_moves_to_another_address(there: Installation) -> None:
    there.register()
    tokens = there.server.api.login(ADA, PASSWORD)
    body = {"newEmail": LOVELACE, "currentPassword": PASSWORD}
    asked = there.server.api.post("/api/v1/auth/change-email", body, bearer=tokens["accessToken"])
    assert asked.status == 202, asked.body
    link = there.link(LOVELACE, "confirm-email-change")
    assert there.sign_in(PASSWORD, LOVELACE) == 401

    steps = there.visit(link, {}, name="confirm")

    assert there.titles(steps) == ["confirm", "moved"]
    assert there.sign_in(PASSWORD, LOVELACE) == 200
    assert there.sign_in(PASSWORD) == 401
    assert there.mail.wait_for(ADA, "email-changed").message["Content-Language"] == there.language


def test_a_sign_in_that_was_somebody_elses_ends_and_the_password_is_changed(there: Installation) -> None:
    there.register()
    owner = there.server.api.login(ADA, PASSWORD)
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    body = {"email": ADA, "password": PASSWORD}
    stranger = there.server.api.send("POST", "/api/v1/auth/login", json_body=body, headers=headers).json()
    link = there.link(ADA, "new-device")

    steps = there.visit(link, {}, {"newPassword": NEW_PASSWORD}, name="not-me")

    assert there.titles(steps) == ["not-me", "ended", "was-reset"]
    assert not there.is_good(stranger)
    assert not there.is_good(owner)
    assert there.sign_in(NEW_PASSWORD) == 200
