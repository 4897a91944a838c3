"""``clinic.yaml``: the shipped one loads, and each mistake is told at its line."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outreach.bootstrap import build_copy_rules
from outreach.configuration.clinic_file import load_clinic
from outreach.domain.clinic import FollowUpTargets
from outreach.domain.errors import ConfigurationError
from outreach.domain.roster import Coverage
from outreach.rendering.lint import Sample, lint
from outreach.rendering.messages import MessageTemplates

SHIPPED = Path(__file__).parents[2] / "config" / "clinic.yaml"


def test_the_shipped_clinic_loads() -> None:
    clinic = load_clinic(SHIPPED)
    assert [site.zone.key for site in clinic.sites] == ["America/New_York", "America/Chicago"]
    assert clinic.zone == ZoneInfo("America/New_York")
    assert clinic.site_named(" lakeside suite 200 ") is clinic.site("lakeside")
    assert clinic.site_named(None) is clinic.site("cedar_grove")
    assert clinic.site_named("Somewhere else") is None
    assert clinic.visit_kind("IV INFUSION") == "infusion"
    assert clinic.visit_kind("Massage") is None
    assert clinic.coverage is Coverage.HOURS_ONLY
    assert clinic.targets == FollowUpTargets()
    assert clinic.prepare_hours_before == 2
    assert not clinic.email_agreement


def test_the_shipped_messages_are_clean_under_the_shipped_clinics_name() -> None:
    clinic = load_clinic(SHIPPED)
    rules = build_copy_rules(SHIPPED.parent, clinic)
    assert lint(MessageTemplates(), rules, Sample(clinic.name, clinic.sites[0].phone)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("zone: America/Chicago", "zone: US/Foo"),
            "sites.1.zone: 'US/Foo' is not an IANA time zone. Write one such as America/New_York.",
        ),
        (("code: lakeside", "code: Lake Side"), "sites.1.code: 'Lake Side' is not a short name."),
        (("phone: 202-555-0120", "phone: 202-555-012"), "sites.1.phone: is not a phone number"),
        (("phone: 202-555-0100", "phone: call us"), "phone: is not a phone number in US."),
        (("aliases: [LS,", "aliases: [cg,"), "sites.1: 'cg' also names the site cedar_grove."),
        (
            ("    - Lab\n", "    - infusion\n"),
            "services.laboratory.0: 'infusion' also means infusion",
        ),
        (
            ("coverage: hours_only", "coverage: always"),
            "coverage: should be '24x7' or 'hours_only'.",
        ),
        (("coverage: hours_only", "on_call: []"), "on_call: has moved: write into roster.yaml"),
        (("default_site: cedar_grove", "default_site: cedar"), "default_site: 'cedar' is not the"),
        (("default_language: en", "default_language: fr"), "default_language: 'fr' is not among"),
        (("[en, es]", "[english]"), "languages.0: 'english' is not a language tag."),
        (("region: US", "region: USA"), "region: string should match pattern"),
        (("routine: 1440", "routine: 0"), "targets.routine: should be greater than or equal to 1"),
        (
            ("prepare_hours_before: 2", "prepare_hours_before: -1"),
            "prepare_hours_before: should be greater than or equal to 0",
        ),
        (("agreement: false", "agreement: maybe"), "email_agreement: should be a valid boolean"),
    ],
)
def test_each_mistake_is_told_at_its_line(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert text.count(change[0]) == 1
    file = tmp_path / "clinic.yaml"
    file.write_text(text.replace(*change), encoding="utf-8")
    line = text[: text.index(change[0])].count("\n") + change[0].count("\n", 0, -1) + 1
    with pytest.raises(ConfigurationError) as caught:
        load_clinic(file)
    shown = str(caught.value).replace(str(file), "clinic.yaml")
    place, _, said = shown.partition(": ")
    assert said.startswith(told)
    above = 4 if "aliases" in change[0] else 0  # a clash of sites is told where the site begins
    assert place == f"clinic.yaml, line {line - above}"
