"""``config/interfaces/*.yaml``: what they say, and what is said about their faults."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.configuration.interface_files import load_interfaces
from outreach.domain.errors import ConfigurationError
from outreach.domain.events import AppointmentStatus
from outreach.domain.interfaces import AckMode, Interface, InterfaceSettings, MllpLimits
from tests.worlds import CONFIG, clinic

FULL = """
site: lakeside
zone: America/Chicago
authority: CGI
status_words:
  Pt Confirmed!: booked
  booked: pending
service_fields: [SCH-7]
processing_ids: [P]
acknowledge:
  mode: enhanced
  errors: quarantine
mllp:
  host: 0.0.0.0
  port: 6661
  tls:
    certificate: tls/server.pem
    key: tls/server.key
    client_authorities: tls/engines.pem
  limits:
    frame_megabytes: 0.5
    connections: 3
    idle_seconds: 60
"""


def load(folder: Path, **files: str) -> tuple[Interface, ...]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load_interfaces(folder, clinic())


def fault(folder: Path, **files: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, **files)
    return str(caught.value)


def test_a_full_file_says_everything(tmp_path: Path) -> None:
    [interface] = load(tmp_path, ehr=FULL)
    settings, endpoint = interface.settings, interface.mllp
    assert interface.name == "ehr"
    assert (settings.site, settings.authority) == ("lakeside", "CGI")
    assert settings.zone == ZoneInfo("America/Chicago")
    assert settings.status_words["ptconfirmed"] is AppointmentStatus.BOOKED
    assert settings.status_words["booked"] is AppointmentStatus.PENDING
    assert settings.status_words["noshow"] is AppointmentStatus.NOSHOW
    assert settings.service_fields == ("SCH-7",)
    assert settings.processing_ids == {"P", ""}
    assert settings.ack_mode is AckMode.ENHANCED
    assert settings.accept_all
    assert endpoint is not None
    assert (endpoint.host, endpoint.port) == ("0.0.0.0", 6661)  # noqa: S104 - what is written
    assert endpoint.tls is not None
    assert endpoint.tls.key == tmp_path / "tls/server.key"
    assert endpoint.tls.client_authorities == tmp_path / "tls/engines.pem"
    assert endpoint.limits.frame_bytes == 512 * 1024
    assert endpoint.limits.connections == 3
    assert endpoint.limits.ack_seconds == MllpLimits().ack_seconds


def test_what_is_left_out_is_as_usual(tmp_path: Path) -> None:
    quiet, listening = load(tmp_path, a="authority: X", b="mllp: {port: 2575}")
    assert quiet.settings == InterfaceSettings(
        status_words=quiet.settings.status_words, authority="X"
    )
    assert quiet.mllp is None
    assert listening.settings.accept_all is False
    assert listening.mllp is not None
    assert (listening.mllp.host, listening.mllp.tls) == ("127.0.0.1", None)
    assert listening.mllp.limits == MllpLimits()


def test_a_clinic_without_the_folder_has_no_interfaces(tmp_path: Path) -> None:
    assert load_interfaces(tmp_path / "interfaces", clinic()) == ()


def test_the_example_can_be_loaded() -> None:
    [example] = load_interfaces(CONFIG / "interfaces", clinic())
    assert example.name == "scheduling"
    assert example.mllp is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("site: nowhere", "line 1: site: 'nowhere' is not a site of clinic.yaml"),
        ("zone: EST5", "line 1: zone: 'EST5' is not an IANA time zone"),
        ("authority: X\nstatus_words: {Gone: vanished}", "line 2: status_words.Gone"),
        ("service_fields: [AIS3]", "'AIS3' is not a field. Write segment and number, as in AIS-3."),
        ("service_fields: []", "line 1: service_fields"),
        ("processing_ids: [Q]", "line 1: processing_ids.0"),
        ("acknowledge: {mode: loud}", "line 1: acknowledge.mode"),
        ("mllp: {host: localhost}", "line 1: mllp.port: is missing"),
        ("mllp: {port: 70000}", "line 1: mllp.port"),
        ("mllp: {port: 1, tls: {certificate: a}}", "line 1: mllp.tls.key: is missing"),
        ("mllp: {port: 1, limits: {conections: 2}}", "Did you mean 'connections'?"),
        ("mllp: {port: 1, limits: {idle_seconds: 0}}", "line 1: mllp.limits.idle_seconds"),
    ],
)
def test_faults_are_told_with_line_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    assert told in fault(tmp_path, ehr=text)


def test_two_interfaces_cannot_share_a_port(tmp_path: Path) -> None:
    told = fault(tmp_path, a="mllp: {port: 2575}", b="mllp: {port: 2575}")
    assert "b.yaml: mllp.port: 2575 is that of a.yaml already" in told


def test_file_names_are_names_of_interfaces(tmp_path: Path) -> None:
    assert "names the interface" in fault(tmp_path, **{"My EHR": "authority: X"})
    (tmp_path / "My EHR.yaml").unlink()
    (tmp_path / "ehr.yml").write_text("authority: X")
    assert "Let its name end in .yaml" in fault(tmp_path)
