"""Signing and checking webhooks: Twilio's HMAC-SHA1 and SendGrid's ECDSA.

Pure functions over bytes and strings. Our Twilio HMAC costs a few microseconds where the SDK's
validator costs a hundred; tests hold the two equal.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit, urlunsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outreach.domain.clock import Clock

TWILIO_SIGNATURE_HEADER = "X-Twilio-Signature"
SENDGRID_SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
SENDGRID_TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"
SENDGRID_WINDOW_SECONDS = 300


def twilio_signature(token: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """The ``X-Twilio-Signature`` of a form POST.

    ``params`` are the decoded pairs, blank values included; a pair that is repeated counts once.
    ``url`` is the full public address with its query, without the fragment.
    """
    signed = url + "".join([name + value for name, value in sorted(set(params))])
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def verify_twilio(
    tokens: Sequence[str], url: str, params: Iterable[tuple[str, str]], signature: str
) -> bool:
    """Whether one of ``tokens`` (two while they are rotated) signed this form POST.

    ``url`` must come from the configured public address, never from the request's Host header.
    Twilio signs some addresses with and some without their port: either is good.
    """
    pairs = list(params)
    given = signature.encode()
    return any(
        _same(twilio_signature(token, variant, pairs), given)
        for variant in _port_variants(url)
        for token in tokens
    )


def verify_twilio_json(tokens: Sequence[str], url: str, body: bytes, signature: str) -> bool:
    """The JSON variant: the address is signed, and its ``bodySHA256`` must be the body's."""
    claimed = parse_qs(urlsplit(url).query).get("bodySHA256", [])
    if len(claimed) != 1:
        return False
    right_body = _same(hashlib.sha256(body).hexdigest(), claimed[0].lower().encode())
    return verify_twilio(tokens, url, (), signature) and right_body


def sendgrid_key_from_seed(seed: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that sandbox and app can both derive, so that neither keeps a key file."""
    secret = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return ec.derive_private_key(secret % (1 << 255) + 1, ec.SECP256R1())


def sendgrid_public_key(private_key: ec.EllipticCurvePrivateKey) -> str:
    """The verification key as SendGrid's settings page shows it: base64 of its DER form."""
    der = private_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def sign_sendgrid(private_key: ec.EllipticCurvePrivateKey, timestamp: str, body: bytes) -> str:
    """The signature SendGrid puts over ``timestamp`` (seconds since 1970) and the raw body."""
    signed = private_key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signed).decode()


def verify_sendgrid(
    public_key: str,
    body: bytes,
    signature: str,
    timestamp: str,
    clock: Clock,
    window_seconds: int = SENDGRID_WINDOW_SECONDS,
) -> bool:
    """Whether SendGrid signed these raw bytes within ``window_seconds`` of ``clock``.

    ``clock`` is the machine's. The window bounds how long a recorded call can be played again.

    Raises:
        ValueError: ``public_key`` is not a P-256 key in base64 (a setting is wrong).
    """
    key = _load_public_key(public_key)
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(clock.now().timestamp() - int(timestamp)) > window_seconds:
        return False
    try:
        key.verify(
            base64.b64decode(signature, validate=True),
            timestamp.encode() + body,
            ec.ECDSA(hashes.SHA256()),
        )
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=8)
def _load_public_key(text: str) -> ec.EllipticCurvePublicKey:
    key = serialization.load_der_public_key(base64.b64decode(text))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not an elliptic curve key")  # noqa: TRY004  as any other wrong key
    return key


def _same(computed: str, given: bytes) -> bool:
    return hmac.compare_digest(computed.encode(), given)


def _port_variants(url: str) -> Iterable[str]:
    yield url
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.port is not None:
        yield urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    elif host:
        port = 443 if parts.scheme == "https" else 80
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc}:{port}"))
