"""PHI at rest: AES-GCM with the key's id in every value, and keyed blind indexes for look-up.

Several keys may be known at once: the first encrypts, all decrypt, so a key is rotated by putting a
new one in front and rewriting rows at leisure. A blind index is an HMAC of the normalised value.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach.domain.errors import ConfigurationError

_VERSION = 1
_NONCE = 12


class Keyring:
    """The keys of one installation.

    Args:
        keys: key id -> 32 bytes; the first entry encrypts.
        index_key: 32 bytes for blind indexes; changing it means re-indexing every row.
    """

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        if not keys:
            raise ConfigurationError("No encryption key is set. Run 'outreach doctor' for how.")
        for key_id, key in keys.items():
            if len(key) != 32 or not 0 < len(key_id) < 32 or not key_id.isascii():
                raise ConfigurationError(
                    f"Encryption key {key_id[:8]!r} must have a short ASCII id and 32 bytes."
                )
        if len(index_key) != 32:
            raise ConfigurationError("The index key must have 32 bytes.")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = next(iter(keys))
        self._header = bytes([_VERSION, len(self._active)]) + self._active.encode()
        self._index_key = index_key

    def encrypt(self, text: str, label: str) -> bytes:
        """``text`` sealed for the column ``label``; a value cannot be moved to another column."""
        return self.seal(text.encode(), label)

    def decrypt(self, value: bytes, label: str) -> str:
        """The text of a sealed value.

        Raises:
            ConfigurationError: as ``open`` does.
        """
        try:
            return self.open(value, label).decode()
        except UnicodeDecodeError:
            raise ConfigurationError("A stored value is damaged: it is no text.") from None

    def seal(self, content: bytes, label: str) -> bytes:
        """``content`` sealed for the column ``label``: a picture, for example."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self._active].encrypt(nonce, content, label.encode())
        return self._header + nonce + sealed

    def open(self, value: bytes, label: str) -> bytes:
        """The content of a sealed value.

        Raises:
            ConfigurationError: its key is not in the ring, or the value was changed or moved.
        """
        if len(value) < 2 + _NONCE:
            raise ConfigurationError("A stored value is damaged: it is too short to be one.")
        key_end = 2 + value[1]
        key_id = value[2:key_end].decode("ascii", "replace")
        cipher = self._ciphers.get(key_id)
        if value[0] != _VERSION or cipher is None:
            raise ConfigurationError(
                f"A stored value needs encryption key {key_id!r}. Add it to OUTREACH_KEYS."
            )
        nonce, sealed = value[key_end : key_end + _NONCE], value[key_end + _NONCE :]
        try:
            return cipher.decrypt(nonce, sealed, label.encode())
        except (InvalidTag, ValueError):  # a nonce that was cut short is a ValueError
            raise ConfigurationError(
                f"A stored value does not open with key {key_id!r}: wrong key or damaged row."
            ) from None

    def index(self, kind: str, value: str) -> str:
        """The blind index (32 hex digits) of a normalised value of a kind, such as ``phone``."""
        digest = hmac.digest(self._index_key, f"{kind}\0{value}".encode(), "sha256")
        return digest.hex()[:32]


@dataclass
class _Active:
    keyring: Keyring | None = None


_active = _Active()


def use_keyring(keyring: Keyring) -> None:
    """Sets the ring that encrypted columns of this process use; ``Database`` calls it."""
    _active.keyring = keyring


def keyring() -> Keyring:
    """The ring in use.

    Raises:
        ConfigurationError: none was set.
    """
    if _active.keyring is None:
        raise ConfigurationError("No encryption key is set. Set OUTREACH_KEYS.")
    return _active.keyring


def generate_key() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(32)
