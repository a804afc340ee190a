"""A mail server that keeps what it is given: STARTTLS with a certificate of its own making, and AUTH."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509

from harness.certificates import HERE, make_certificate

USER = "auth"
PASSWORD = "the-password-of-the-mail-server"
PATIENCE = 30.0


@dataclass(frozen=True)
class Received:
    """One mail, and how it came."""

    sender: str
    recipients: list[str]
    encrypted: bool
    signed_in: bool
    message: EmailMessage

    @property
    def text(self) -> str:
        """What it says, as plain text."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def html(self) -> str:
        """What it says, as HTML."""
        body = self.message.get_body(("html",))
        assert body is not None
        return str(body.get_content())

    @property
    def link(self) -> str:
        """The first address in it."""
        return next(word for word in self.text.split() if word.startswith("http"))


@dataclass
class MailServer:
    """The server."""

    folder: Path
    port: int = 0
    received: list[Received] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _controller: Controller | None = None

    def start(self) -> None:
        """Listen, on a free port at the first time and on the same one afterwards."""
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        if not (self.folder / "mail.crt").exists():
            make_certificate(self.folder, "mail", x509.DNSName("localhost"), HERE)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "mail.crt", self.folder / "mail.key")
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._authenticate,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            auth_require_tls=True,
        )
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def settings(self) -> dict[str, str]:
        """Return what a server needs to send mail here."""
        return {
            "NTT_AUTH__MAIL__FROM": "no-reply@example.com",
            "NTT_AUTH__MAIL__FROM_NAME": "Example",
            "NTT_AUTH__MAIL__SMTP__HOST": "localhost",
            "NTT_AUTH__MAIL__SMTP__PORT": str(self.port),
            "NTT_AUTH__MAIL__SMTP__USERNAME": USER,
            "NTT_AUTH__MAIL__SMTP__PASSWORD": PASSWORD,
            "NTT_AUTH__MAIL__SMTP__CA_FILE": str(self.folder / "mail.crt"),
        }

    def wait_for(self, recipient: str, letter: str) -> Received:
        """Wait for a letter to somebody, and take it out."""

        def found() -> Received | None:
            for mail in self.received:
                if recipient in mail.recipients and mail.message["X-Letter"] == letter:
                    return mail
            return None

        with self._arrived:
            assert self._arrived.wait_for(lambda: found() is not None, PATIENCE), f"no {letter} to {recipient}"
            mail = found()
            assert mail is not None
            self.received.remove(mail)
            return mail

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Take a mail."""
        if any(recipient.startswith("bounce") for recipient in envelope.rcpt_tos):
            return "550 5.1.1 there is no such user"
        content = envelope.original_content
        assert content is not None
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        received = Received(
            envelope.mail_from or "",
            [str(recipient) for recipient in envelope.rcpt_tos],
            session.ssl is not None,
            bool(session.authenticated),
            message,
        )
        with self._arrived:
            self.received.append(received)
            self._arrived.notify_all()
        return "250 2.0.0 taken"

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)
