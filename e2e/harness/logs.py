"""All that the servers of one run logged, kept in one folder, so that a last test can search the whole of it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

TOKEN = "a JSON Web Token"

# What must stand in no log, whoever it belongs to.
FORBIDDEN = {
    TOKEN: re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    "a token of ours": re.compile(r"ntt_[a-z]{1,4}_(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{24,}"),
    "a password hash": re.compile(
        r"\$(?:2[abxy]|argon2(?:id|i|d)|scrypt|fbscrypt|pbkdf2[\w-]*|bcrypt-sha256)\$[^\s\"]{8,}"
    ),
    "a private key": re.compile(r"PRIVATE KEY|\"d\":\s*\"[\w-]{20,}"),
    "an email address": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    "a bearer's header": re.compile(r"[Bb]earer [\w.~+/-]{8,}"),
    "a control sequence": re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\\u001b|\\u009b"),
}


@dataclass
class Logs:
    """The logs of one run."""

    folder: Path | None = None
    # What went through any client of the run, in either direction, and is secret or personal.
    secrets: set[str] = field(default_factory=set)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def keep(self, name: str, text: str) -> None:
        """Keep what one server logged."""
        if self.folder is not None:
            (self.folder / f"{next(self._numbers):03}-{name}.log").write_text(text)

    def search(self, secrets: set[str] | None = None) -> list[str]:
        """Return what stands in the logs and must not, each with its place but not itself."""
        assert self.folder is not None
        files = sorted(self.folder.glob("*.log"))
        return [what for path in files for what in search(path.name, path.read_text(), secrets or self.secrets)]


def search(name: str, text: str, secrets: set[str]) -> list[str]:
    """Return what stands in one log and must not."""
    found = []
    for what, pattern in FORBIDDEN.items():
        for match in pattern.finditer(text):
            if what == TOKEN and not is_token(match.group()):
                continue
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{what} in {name}:{line}: {match.group()[:12]!r}…")
    found += [f"a secret in {name}: {secret[:8]!r}…" for secret in sorted(secrets) if secret in text]
    return found


def is_token(text: str) -> bool:
    """Say whether the first part is a header (RFC 7515, section 4), and not random text of the same letters.

    The set-up link is random and belongs in the log; one in some thousands of them looks like a token.
    """
    header = text.split(".", maxsplit=1)[0]
    try:
        return isinstance(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))), dict)
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError):
        return False


LOGS = Logs()
