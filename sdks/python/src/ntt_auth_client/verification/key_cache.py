"""The server's public keys, asked for when they are needed and kept for as long as they may be."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ntt_auth_client._core.effects import Plan, once
from ntt_auth_client._core.exchange import Call
from ntt_auth_client._core.http import Request
from ntt_auth_client._core.settings import Context
from ntt_auth_client.errors import NttAuthError
from ntt_auth_client.verification.key import Key, read_keys

PATH = "/.well-known/jwks.json"
OPERATION = "verifier.keys"
DEFAULT_AGE = 900.0
LEAST_AGE = 10.0
COOLDOWN = 10.0
"""Seconds until keys are asked for again after it was in vain."""
BEYOND = 86_400.0
"""Seconds that keys are used on beyond their time while new ones cannot be had."""
MAX_AGE = re.compile(r"(?:^|[,\s])max-age=(\d{1,9})")


class KeyCache:
    """Keys by their names."""

    def __init__(self, context: Context) -> None:
        """Begin without any."""
        self._context = context
        self._keys: dict[str, Key] | None = None
        self._etag: str | None = None
        self._generation = 0
        self._until = 0.0
        """When the keys are too old, by the monotonic clock."""
        self._next = 0.0
        """Before this, keys that are too old are not asked for again."""
        self._next_unknown = 0.0
        """Before this, a key that is not known is not asked for."""
        self._failed: NttAuthError | None = None
        """Why an unknown key could not be looked for, the last time."""

    def known(self, name: str) -> Key | None:
        """Return a key if it is known and nothing need be asked."""
        keys = self._keys
        return None if keys is None or self._is_due() else keys.get(name)

    def find(self, name: str) -> Plan[Key | None]:
        """Return a key; `None` if the server has none of this name. Raises why keys cannot be had."""
        if self._keys is None or self._is_due():
            error = yield from self._fetched(unknown=False)
            key = (self._keys or {}).get(name)
            if error is not None and (key is None or self._is_beyond()):
                raise error
            return key
        key = self._keys.get(name)
        if key is not None:
            return key
        if self._now() < self._next_unknown:
            if self._failed is not None:
                raise self._failed.named(OPERATION)
            return None
        error = yield from self._fetched(unknown=True)
        if error is not None:
            raise error
        return self._keys.get(name)

    def _fetched(self, *, unknown: bool) -> Plan[NttAuthError | None]:
        """Ask for the keys, together with everybody who does; return why in vain."""
        seen = self._generation

        def shared() -> Plan[NttAuthError | None]:
            if self._generation != seen:
                # Somebody did in between.
                return None
            try:
                yield from self._ask()
            except NttAuthError as error:
                self._next = self._now() + COOLDOWN
                self._failed = error
                return error
            else:
                self._failed = None
                return None
            finally:
                if unknown:
                    self._next_unknown = self._now() + COOLDOWN

        error = yield from once("keys", shared)
        return None if error is None else error.named(OPERATION)

    def _ask(self) -> Plan[None]:
        call = Call.of(self._context, OPERATION, repeatable=True)
        headers: Mapping[str, str] = {} if self._etag is None else {"If-None-Match": self._etag}
        request = Request("GET", PATH, headers=headers, timeout=self._context.settings.timeout)
        answer = yield from call.attempts(request, accepted=frozenset({304}))
        if answer.status != 304:
            keys = read_keys(call.object(answer), self._keys or {})
            if keys is None:
                raise call.unexpected(answer, "The answer is no set of keys.")
            self._keys = keys
            self._etag = answer.headers.get("etag")
        stated = MAX_AGE.search(answer.headers.get("cache-control", ""))
        self._until = self._now() + max(LEAST_AGE, float(stated.group(1)) if stated else DEFAULT_AGE)
        self._generation += 1

    def _is_due(self) -> bool:
        return self._now() >= max(self._until, self._next) or self._is_beyond()

    def _is_beyond(self) -> bool:
        return self._now() > self._until + BEYOND

    def _now(self) -> float:
        return self._context.settings.clock.monotonic()
