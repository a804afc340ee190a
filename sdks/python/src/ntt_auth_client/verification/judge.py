"""Whether an access token holds."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from ntt_auth_client._core.effects import Plan
from ntt_auth_client._core.exchange import Call
from ntt_auth_client._core.http import API, Request
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import (
    AuthenticationError,
    NttAuthError,
    RevocationsStaleError,
    TokenExpiredError,
    TokenInvalidError,
    TokenRevokedError,
)
from ntt_auth_client.models import Validation
from ntt_auth_client.verification.claims import Expected
from ntt_auth_client.verification.key import NAMES, Key
from ntt_auth_client.verification.key_cache import KeyCache
from ntt_auth_client.verification.principal import Principal
from ntt_auth_client.verification.revocations import Revocations
from ntt_auth_client.verification.signed import Signed
from ntt_auth_client.verification.strict_json import read_object

OnStale = Literal["refuse", "ask", "allow"]
"""What becomes of a good token while it is not known what was revoked of late: it is refused with
`RevocationsStaleError`, the server is asked for each, or it is accepted."""
OPERATION = "verifier.verify"


@dataclass(frozen=True, slots=True)
class Remembered:
    """A token whose signature and claims were found good."""

    key: Key
    principal: Principal


class Judge:
    """Judges tokens: form, header, key, signature, claims; then times; then revocation; and only then staleness."""

    def __init__(  # noqa: PLR0913 - everything that a verdict depends on
        self,
        context: Context,
        *,
        expected: Expected,
        algorithms: frozenset[str],
        revocations: Revocations | None,
        staleness_limit: float,
        on_stale: OnStale,
        remember: int,
    ) -> None:
        """Judge by these; without `revocations` none is followed."""
        self._context = context
        self._expected = expected
        self._algorithms = algorithms
        self._revocations = revocations
        self._limit = staleness_limit
        self._on_stale = on_stale
        self._capacity = remember
        self._keys = KeyCache(context)
        self._verified: OrderedDict[bytes, Remembered] = OrderedDict()
        self._mutex = threading.Lock()

    def at_once(self, token: str) -> Principal | None:
        """Return the principal if that takes no request, or raise; `None` if something has to be asked."""
        digest = _digest(token)
        entry = self._verified.get(digest)
        if entry is not None and self._keys.known(entry.key.id) is entry.key:
            self._touch(digest)
            return self._allowed(entry.principal)
        signed = self._signed(token)
        key = self._keys.known(signed.key_id)
        return None if key is None else self._allowed(self._verify(digest, signed, key))

    def judge(self, token: str) -> Plan[Principal]:
        """Return the principal, asking the server for what is not known; raises why the token is refused."""
        signed = self._signed(token)
        key = yield from self._keys.find(signed.key_id)
        if key is None:
            raise _invalid("its key is not known")
        principal = self._verify(_digest(token), signed, key)
        allowed = self._allowed(principal)
        if allowed is None:
            yield from self._ask(token)
        return principal

    def _signed(self, token: str) -> Signed:
        try:
            signed = Signed.parse(token)
        except ValueError as error:
            raise _invalid(str(error)) from None
        if NAMES.get(signed.algorithm) not in self._algorithms:
            raise _invalid("its algorithm is not allowed")
        return signed

    def _verify(self, digest: bytes, signed: Signed, key: Key) -> Principal:
        if NAMES[signed.algorithm] != key.algorithm or not key.verifies(signed.signing_input, signed.signature):
            raise _invalid("its signature is wrong")
        try:
            principal = self._expected.principal(read_object(signed.payload), self._context.settings.clock.now())
        except ValueError as error:
            raise _invalid(str(error)) from None
        self._remember(digest, Remembered(key, principal))
        return principal

    def _allowed(self, principal: Principal) -> Principal | None:
        """Return the principal, or raise why not; `None` if the server has to be asked."""
        now = self._context.settings.clock.now()
        if self._expected.is_over(principal, now):
            raise TokenExpiredError("The access token has expired.", operation=OPERATION)
        if self._expected.is_early(principal, now):
            raise _invalid("it is not valid yet")
        revocations = self._revocations
        if revocations is None:
            return principal
        if revocations.holds(principal):
            raise TokenRevokedError("The access token was revoked.", operation=OPERATION)
        staleness = revocations.staleness
        if (staleness is not None and staleness <= self._limit) or self._on_stale == "allow":
            return principal
        if self._on_stale == "ask":
            return None
        raise _stale(staleness)

    def _ask(self, token: str) -> Plan[None]:
        call = Call.of(self._context, OPERATION, repeatable=True)
        request = Request("GET", f"{API}/auth/validate", timeout=self._context.settings.timeout)
        try:
            call.parsed((yield from call.attempts(request, token)), Validation)
        except AuthenticationError as error:
            if error.code is not None:
                raise
            raise _stale(None) from error
        except NttAuthError as error:
            raise _stale(None) from error

    def _remember(self, digest: bytes, entry: Remembered) -> None:
        with self._mutex:
            self._verified[digest] = entry
            if len(self._verified) > self._capacity:
                self._verified.popitem(last=False)

    def _touch(self, digest: bytes) -> None:
        with self._mutex:
            if digest in self._verified:
                self._verified.move_to_end(digest)


def _digest(token: str) -> bytes:
    # The token itself is not kept.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _invalid(reason: str) -> TokenInvalidError:
    return TokenInvalidError(f"The access token is not valid: {reason}.", operation=OPERATION)


def _stale(staleness: float | None) -> RevocationsStaleError:
    since = "not known yet" if staleness is None else f"known as they were {staleness:.0f} s ago"
    return RevocationsStaleError(f"Revocations are {since}.", operation=OPERATION, retry_after=1.0)
