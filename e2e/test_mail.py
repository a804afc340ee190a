"""Mail goes out by SMTP, over TLS, and survives the death of the server."""

from __future__ import annotations

import json
import smtplib
from pathlib import Path

import pytest

from harness import PASSWORD, Node, Start
from harness.mail import PASSWORD as SMTP_PASSWORD
from harness.mail import USER, MailServer
from harness.server import Binary, Server

ADA = "ada@example.com"
NEW_PASSWORD = "Difference-Engine-1822"


def change_password(server: Server, new: str = NEW_PASSWORD) -> None:
    """Owe Ada a mail about her new password."""
    tokens = server.api.login(ADA, PASSWORD)
    body = {"currentPassword": PASSWORD, "newPassword": new}
    changed = server.api.post("/api/v1/auth/change-password", body, bearer=tokens["accessToken"])
    assert changed.status == 204, changed.body


def test_a_mail_arrives_encrypted_and_signed_in(mail: MailServer, start: Start) -> None:
    server = start(mail.settings())
    server.api.secrets.add(SMTP_PASSWORD)
    server.api.register(ADA, PASSWORD)
    change_password(server)

    received = mail.wait_for(ADA, "password-changed")

    assert received.encrypted
    assert received.signed_in
    assert received.sender == "no-reply@example.com"
    assert received.recipients == [ADA]
    message = received.message
    assert str(message["From"]) == "Example <no-reply@example.com>"
    assert message["Subject"] == "Your password was changed"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not message.defects
    assert "From: 127.0.0.1" in received.text
    assert '<html lang="en">' in received.html
    # There is a server, so there is no outbox.
    assert server.api.get("/api/v1/outbox").status == 404
    assert server.api.get("/outbox").status == 404


def test_a_mail_is_written_in_the_language_of_its_reader(mail: MailServer, start: Start) -> None:
    server = start(mail.settings())
    body = {"email": ADA, "password": PASSWORD, "locale": "ja-JP", "firstName": "花子"}
    assert server.api.post("/api/v1/auth/register", body).status == 201
    change_password(server)

    received = mail.wait_for(ADA, "password-changed")

    assert received.message["Subject"] == "パスワードが変更されました"
    assert received.text.startswith("花子 様")
    assert received.message["Content-Language"] == "ja"


def test_a_mail_survives_the_death_of_the_server(mail: MailServer, start: Start, tmp_path: Path) -> None:
    settings = mail.settings()
    mail.stop()
    first = start(settings)
    first.api.register(ADA, PASSWORD)
    change_password(first)
    first.kill()

    mail.start()
    start(settings, folder=tmp_path)

    received = mail.wait_for(ADA, "password-changed")
    assert received.message["Message-ID"]
    mail.wait_for(ADA, "verify-email")
    assert not mail.received, "each is sent once"


def test_the_command_line_tries_mail_out(program: Path, mail: MailServer, tmp_path: Path) -> None:
    binary = Binary(program, tmp_path, mail.settings())

    sent = binary.run("mail", "test", ADA)

    assert sent.returncode == 0, sent.stderr
    assert mail.wait_for(ADA, "test").message["Subject"].startswith("Test mail from ")
    refused = binary.run("mail", "test", "bounce@example.com")
    assert refused.returncode == 1
    assert "550 5.1.1 at the message itself" in refused.stderr
    assert "there is no such user" in refused.stderr
    wrong = Binary(program, tmp_path, mail.settings() | {"NTT_AUTH__MAIL__SMTP__PASSWORD": "mistaken"})
    said = wrong.run("mail", "test", ADA).stderr
    assert "535" in said
    assert "check mail.smtp.username and mail.smtp.password" in said
    assert "mistaken" not in said
    untrusted = {name: value for name, value in mail.settings().items() if not name.endswith("CA_FILE")}
    said = Binary(program, tmp_path, untrusted).run("mail", "test", ADA).stderr
    assert "invalid peer certificate" in said
    assert "mail.smtp.ca_file" in said


def test_the_server_of_these_tests_refuses_strangers(mail: MailServer) -> None:
    with smtplib.SMTP("127.0.0.1", mail.port) as client:
        assert client.ehlo()[0] == 250
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login(USER, SMTP_PASSWORD)


def test_without_a_mail_server_mail_is_kept(start: Start, tmp_path: Path) -> None:
    server = start()
    server.api.register(ADA, PASSWORD)
    change_password(server)

    mails = wait_for_outbox(server)

    letters = {mail["letter"]: mail["mailId"] for mail in mails}
    assert letters.keys() == {"password-changed", "verify-email"}
    kept = server.api.get(f"/api/v1/outbox/{letters['password-changed']}").json()
    assert kept["to"] == ADA
    assert f"{server.base} ." in kept["text"]
    server.stop()
    again = start(folder=tmp_path)
    assert {mail["mailId"] for mail in wait_for_outbox(again)} == set(letters.values())
    assert again.api.send("DELETE", "/api/v1/outbox").status == 204
    assert again.api.get("/api/v1/outbox").json()["items"] == []


@pytest.mark.browser
@pytest.mark.node
def test_the_outbox_is_read_in_a_browser_without_javascript(start: Start, node: Node, tmp_path: Path) -> None:
    server = start()
    server.api.register(ADA, PASSWORD)
    change_password(server)
    wait_for_outbox(server)

    seen = json.loads(node("outbox.mjs", server.base, str(tmp_path / "outbox.png")))

    assert "Forgot password" in seen["text"]
    assert "Forgot password" in seen["html"]
    assert seen["fromFrame"].rstrip("/") == server.base
    assert seen["fromText"].rstrip("/") == server.base
    assert seen["complaints"] == []
    assert seen["foreign"] == []


def wait_for_outbox(server: Server) -> list[dict[str, str]]:
    """Wait until what registration and a new password owe is in the outbox."""
    for _ in range(1000):
        items: list[dict[str, str]] = server.api.get(f"/api/v1/outbox?to={ADA}").json()["items"]
        if len(items) == 2:
            return items
    raise AssertionError(f"not both came into the outbox: {items}")


def jobs(server: Server, *arguments: str) -> list[dict[str, object]]:
    """Return what the command line says of jobs."""
    listed = server.binary.run("jobs", "list", "--json", *arguments)
    assert listed.returncode == 0, listed.stderr
    return [json.loads(line) for line in listed.stdout.splitlines()]


def test_ops10_jobs_are_looked_after_from_the_command_line(mail: MailServer, start: Start) -> None:
    server = start(mail.settings())
    server.api.register("bounce@example.com", PASSWORD)
    given_up = wait_for_failure(server)
    job = str(given_up["jobId"])
    assert given_up["attempts"] == 1
    assert "550" in str(given_up["lastError"])
    assert "bounce" not in json.dumps(given_up)
    listed = server.binary.run("jobs", "list", "--state", str(given_up["state"]))
    assert job in listed.stdout
    assert listed.stdout.startswith("ID")

    retried = server.binary.run("jobs", "retry", job)

    assert retried.returncode == 0, retried.stderr
    assert "waits for its next attempt" in retried.stdout
    again = server.binary.run("jobs", "retry", "00000000-0000-7000-8000-000000000000")
    assert again.returncode != 0
    nonsense = server.binary.run("jobs", "remove", "x")
    assert nonsense.returncode != 0
    assert "is no id of a job" in nonsense.stderr
    removed = server.binary.run("jobs", "remove", job)
    assert removed.returncode == 0, removed.stderr
    assert job not in [known["jobId"] for known in jobs(server)]
    assert server.binary.run("jobs", "remove", job).returncode != 0


def wait_for_failure(server: Server) -> dict[str, object]:
    """Wait until a job was given up."""
    for _ in range(200):
        found = [job for job in jobs(server) if job["lastError"] is not None and job["dueAt"] is None]
        if found:
            return found[0]
    raise AssertionError(f"none was given up: {jobs(server)}")


def test_acc6_a_password_is_reset_from_the_command_line(mail: MailServer, start: Start) -> None:
    server = start(mail.settings())
    server.api.register(ADA, PASSWORD)

    sent = server.binary.run("user", "reset-password", ADA)

    assert sent.returncode == 0, sent.stderr
    assert "is sent a link" in sent.stdout
    first = token_of(mail.wait_for(ADA, "reset-password").link)
    server.api.secrets.add(first)
    shown = server.binary.run("user", "reset-password", ADA, "--link")
    assert shown.returncode == 0, shown.stderr
    second = token_of(shown.stdout.strip())
    server.api.secrets.add(second)
    # The newer link closes the older one.
    path = "/api/v1/auth/reset-password"
    closed = server.api.post(path, {"token": first, "newPassword": NEW_PASSWORD})
    assert closed.status != 204, closed.body
    done = server.api.post(path, {"token": second, "newPassword": NEW_PASSWORD})
    assert done.status == 204, done.body
    server.api.login(ADA, NEW_PASSWORD)
    unknown = server.binary.run("user", "reset-password", "nobody@example.com")
    assert unknown.returncode != 0


def token_of(link: str) -> str:
    """Return the secret of a link."""
    return link.rsplit("=", 1)[-1]
