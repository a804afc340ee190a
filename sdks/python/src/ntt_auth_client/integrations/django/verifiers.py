"""The verifier that the settings describe."""

from __future__ import annotations

import threading
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from ntt_auth_client.blocking_verifier import TokenVerifier

SETTING = "NTT_AUTH"


class _Held:
    mutex = threading.Lock()
    verifier: TokenVerifier | None = None


def get_verifier() -> TokenVerifier:
    """Return this process's verifier, made from `NTT_AUTH`: `URL`, and any option of `TokenVerifier` in capitals."""
    with _Held.mutex:
        if _Held.verifier is None:
            found: object = getattr(settings, SETTING, None)
            described = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
            if "URL" not in described:
                raise ImproperlyConfigured(f'{SETTING} is a dictionary with "URL", the address of the server')
            options = {name.lower(): value for name, value in described.items()}
            try:
                _Held.verifier = TokenVerifier(**options)
            except (TypeError, ValueError) as error:
                raise ImproperlyConfigured(f"{SETTING}: {error}") from error
        return _Held.verifier


def close_verifier() -> None:
    """Close the verifier; the next request makes another."""
    with _Held.mutex:
        held, _Held.verifier = _Held.verifier, None
    if held is not None:
        held.close()


def _changed(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        close_verifier()


setting_changed.connect(_changed)
