"""TLS, with and without the sender's own certificate."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outreach.domain.errors import ConfigurationError, Unavailable
from outreach.domain.interfaces import Interface, MllpEndpoint, TlsFiles
from outreach.listeners.server import running
from tests.listeners.engine import Engine, framed, siu
from tests.worlds import Bench

Issue = Callable[[str], tuple[Path, Path]]


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Makes a self-signed certificate and its key; returns their files."""

    def make(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        now = datetime.now(UTC)  # OpenSSL compares with the machine's own time
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        certificate_file, key_file = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate_file, key_file

    return make


def over_tls(files: TlsFiles) -> Interface:
    return Interface("ehr", mllp=MllpEndpoint(port=0, tls=files))


def trusting(certificate: Path, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate)
    if own is not None:
        context.load_cert_chain(*own)
    return context


def test_messages_over_tls(bench: Bench, issue: Issue) -> None:
    certificate, key = issue("server")
    with running(bench.world, over_tls(TlsFiles(certificate, key))) as port:
        with Engine(port, trusting(certificate)) as engine:
            assert engine.send(siu()).code == "AA"
            engine.write(framed(siu(2)) + framed(siu(3)))
            assert [engine.ack().control_id, engine.ack().control_id] == ["M2", "M3"]
        with Engine(port) as plain:
            plain.write(framed(siu(4)))
            assert plain.is_closed()
        with Engine(port, trusting(certificate)) as engine:
            assert engine.send(siu(5)).code == "AA"


def test_only_senders_with_a_known_certificate(bench: Bench, issue: Issue) -> None:
    certificate, key = issue("server")
    known, stranger = issue("engine"), issue("stranger")
    files = TlsFiles(certificate, key, client_authorities=known[0])
    with running(bench.world, over_tls(files)) as port:
        with Engine(port, trusting(certificate, known)) as engine:
            assert engine.send(siu()).code == "AA"
        for own in (None, stranger):
            with (
                pytest.raises((ssl.SSLError, ConnectionError)),
                Engine(port, trusting(certificate, own)) as engine,
            ):
                engine.send(siu(2))


def test_files_that_cannot_be_used_are_named(bench: Bench, issue: Issue, tmp_path: Path) -> None:
    certificate, key = issue("server")
    _, other_key = issue("other")
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.touch()
    for files, named in (
        (TlsFiles(missing, key), "missing.pem"),
        (TlsFiles(certificate, other_key), "other.key"),
        (TlsFiles(certificate, key, missing), "missing.pem"),
        (TlsFiles(certificate, key, empty), "empty.pem"),
    ):
        with pytest.raises(ConfigurationError, match=named), running(bench.world, over_tls(files)):
            pytest.fail("it listens")


def test_a_port_in_use_is_named(bench: Bench) -> None:
    with running(bench.world, Interface("ehr", mllp=MllpEndpoint(port=0))) as port:
        taken = Interface("other", mllp=MllpEndpoint(port=port))
        with pytest.raises(Unavailable, match=str(port)), running(bench.world, taken):
            pytest.fail("it listens")
