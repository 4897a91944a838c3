"""PHI at rest: sealed, bound to its column, rotated without haste, found by blind index alone."""

import pytest

from outreach.domain.errors import ConfigurationError
from outreach.storage.crypto import Keyring, generate_key

OLD, NEW, INDEX = generate_key(), generate_key(), generate_key()


def test_what_is_sealed_opens_again_and_looks_different_each_time() -> None:
    ring = Keyring({"k1": OLD}, INDEX)
    first, second = (
        ring.encrypt("José 🙂", "patient.given"),
        ring.encrypt("José 🙂", "patient.given"),
    )
    assert (
        ring.decrypt(first, "patient.given") == ring.decrypt(second, "patient.given") == "José 🙂"
    )
    assert first != second
    assert "José".encode() not in first


def test_old_values_open_while_the_old_key_stands_second() -> None:
    value = Keyring({"k1": OLD}, INDEX).encrypt("text", "a")
    ring = Keyring({"k2": NEW, "k1": OLD}, INDEX)
    assert ring.decrypt(value, "a") == "text"
    assert b"k2" in ring.encrypt("text", "a")
    with pytest.raises(ConfigurationError, match="needs encryption key 'k1'"):
        Keyring({"k2": NEW}, INDEX).decrypt(value, "a")


def test_a_key_with_the_right_name_and_other_bytes_is_told_apart() -> None:
    value = Keyring({"k1": OLD}, INDEX).encrypt("text", "a")
    with pytest.raises(ConfigurationError, match="wrong key or damaged"):
        Keyring({"k1": NEW}, INDEX).decrypt(value, "a")


def test_a_value_cannot_be_moved_to_another_column() -> None:
    ring = Keyring({"k1": OLD}, INDEX)
    value = ring.encrypt("text", "patient.given")
    with pytest.raises(ConfigurationError):
        ring.decrypt(value, "patient.family")


def test_every_changed_byte_and_every_cut_is_noticed() -> None:
    ring = Keyring({"k1": OLD}, INDEX)
    value = ring.encrypt("text", "a")
    for place in range(len(value)):
        changed = bytearray(value)
        changed[place] ^= 1
        with pytest.raises(ConfigurationError) as refused:
            ring.decrypt(bytes(changed), "a")
        assert "text" not in str(refused.value)
    for length in range(len(value)):
        with pytest.raises(ConfigurationError):
            ring.decrypt(value[:length], "a")


def test_an_index_depends_on_key_kind_and_value_alone() -> None:
    ring, again = Keyring({"k1": OLD}, INDEX), Keyring({"k2": NEW}, INDEX)
    assert ring.index("phone", "+12025550123") == again.index("phone", "+12025550123")
    assert ring.index("phone", "x") != ring.index("email", "x")
    assert ring.index("phone", "x") != Keyring({"k1": OLD}, generate_key()).index("phone", "x")
    assert len(ring.index("phone", "x")) == 32


@pytest.mark.parametrize(
    ("keys", "index"),
    [
        ({}, INDEX),
        ({"k": b"short"}, INDEX),
        ({"k" * 40: OLD}, INDEX),
        ({"ü": OLD}, INDEX),
        ({"k": OLD}, b"short"),
    ],
    ids=["no key", "short key", "long name", "odd name", "short index key"],
)
def test_a_ring_that_cannot_work_is_refused(keys: dict[str, bytes], index: bytes) -> None:
    with pytest.raises(ConfigurationError):
        Keyring(keys, index)
