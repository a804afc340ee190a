"""Where tokens are kept: in memory, in a file, in the keyring, or in a store of one's own."""

from ntt_auth_client.stores.credentials import Credentials, SessionTokens
from ntt_auth_client.stores.file import FileTokenStore
from ntt_auth_client.stores.keyring import KeyringTokenStore
from ntt_auth_client.stores.memory import MemoryTokenStore
from ntt_auth_client.stores.protocol import AsyncTokenStore, TokenStore

__all__ = [
    "AsyncTokenStore",
    "Credentials",
    "FileTokenStore",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "SessionTokens",
    "TokenStore",
]
