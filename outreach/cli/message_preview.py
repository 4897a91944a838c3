"""Messages as invented patients would get them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from outreach.cli.lines import write_line
from outreach.cli.sign_offs import Standing, chosen, standing
from outreach.configuration.approvals_file import APPROVALS, load_approvals
from outreach.configuration.clinic_file import load_clinic
from outreach.domain.states import ChannelKind
from outreach.rendering.messages import PARTS, MessageTemplates
from outreach.rendering.samples import PATIENTS, SamplePatient, Sender, sample_context
from outreach.rendering.segments import measure
from outreach.settings import load_settings

if TYPE_CHECKING:
    from outreach.domain.clinic import Clinic
    from outreach.pipeline.ports import Rendered


@dataclass(frozen=True, slots=True)
class Preview:
    """One message for one patient on one channel."""

    standing: Standing
    channel: ChannelKind
    patient: SamplePatient
    rendered: "Rendered"
    price: float | None
    """Of one segment, in US dollars."""
    file: Path | None
    """Where the email was written."""

    @property
    def cost(self) -> float | None:
        """Of the whole text in US dollars, where it is known."""
        if self.price is None or self.channel is not ChannelKind.SMS:
            return None
        return round(self.price * self.rendered.segments, 6)


def previews(names: Collection[str], language: str | None, html: Path | None) -> list[Preview]:
    """Every message asked for, in each language, on each channel, for each sample patient.

    Raises:
        NotFound: there is no such message or language.
        ConfigurationError: a template or a file in ``config/`` is wrong.
    """
    folder = load_settings().config_path()
    clinic = load_clinic(folder / "clinic.yaml")
    approvals = load_approvals(folder / APPROVALS)
    templates = MessageTemplates()
    found: list[Preview] = []
    for name, one in dict.fromkeys(chosen(templates, names, language)):
        stands = standing(templates, approvals, clinic.default_language, name, one)
        found += _of(templates, clinic, stands, html)
    return found


def _of(
    templates: MessageTemplates, clinic: "Clinic", stands: Standing, html: Path | None
) -> Iterator[Preview]:
    name, language = stands.message, stands.language
    site = clinic.sites[0]
    sender = Sender(clinic.name, clinic.phone, site.name, site.phone)
    fields = templates.campaign_fields(name)
    for channel in PARTS:
        if not templates.offers(name, language, channel):
            continue
        for patient in PATIENTS:
            context = sample_context(name, patient, sender, fields)
            rendered = templates.render(name, language, channel, context)
            file = None
            if html is not None and channel is ChannelKind.EMAIL:
                file = _write(html, stands, patient, rendered)
            yield Preview(stands, channel, patient, rendered, clinic.segment_price_usd, file)


def _write(folder: Path, stands: Standing, patient: SamplePatient, rendered: "Rendered") -> Path:
    """The email as HTML, or its plain text where it has no HTML."""
    folder.mkdir(parents=True, exist_ok=True)
    end = "html" if rendered.html else "txt"
    label = patient.label.replace(" ", "_")
    file = folder / f"{stands.message}.{stands.language}.{label}.{end}"
    file.write_text(rendered.html or rendered.text, encoding="utf-8")
    return file


def show_json(found: Collection[Preview]) -> None:
    """One object for each preview."""
    for one in found:
        write_line(_object(one))


def _object(one: Preview) -> dict[str, object]:
    is_text = one.channel is ChannelKind.SMS
    size = measure(one.rendered.text) if is_text else None
    return {
        "message": one.standing.message,
        "language": one.standing.language,
        "channel": one.channel.value,
        "patient": one.patient.label,
        "subject": one.rendered.subject or None,
        "text": one.rendered.text,
        "encoding": size.encoding if size else None,
        "units": size.units if size else None,
        "segments": size.segments if size else None,
        "cost_usd": one.cost,
        "version": one.standing.version,
        "approved": not one.standing.lacking if one.standing.needed else None,
        "lacking": [role.value for role in one.standing.lacking],
        "file": str(one.file) if one.file else None,
    }


def show(found: Collection[Preview]) -> None:
    """For people: a heading for each message, and each different text once."""
    heads: dict[tuple[str, str], list[Preview]] = {}
    for one in found:
        heads.setdefault((one.standing.message, one.standing.language), []).append(one)
    for group in heads.values():
        stands = group[0].standing
        typer.echo(
            f"{stands.message} ({stands.language}, version {stands.version}): {_said(stands)}"
        )
        for channel in dict.fromkeys(one.channel for one in group):
            _show_channel([one for one in group if one.channel is channel])
        typer.echo("")


def _said(stands: Standing) -> str:
    if not stands.needed:
        return "needs no approval"
    if not stands.lacking:
        return "approved"
    return f"not approved, needs a {' and a '.join(role.value for role in stands.lacking)}"


def _show_channel(group: list[Preview]) -> None:
    same: dict[tuple[str, str], list[Preview]] = {}
    for one in group:
        same.setdefault((one.rendered.subject, one.rendered.text), []).append(one)
    for equals in same.values():
        first = equals[0]
        labels = ", ".join(one.patient.label for one in equals)
        typer.echo(f"  {first.channel.value}, {labels}: {_size(first)}")
        if first.rendered.subject:
            typer.echo(f"    {first.rendered.subject}")
        for line in first.rendered.text.splitlines():
            typer.echo(f"    {line}".rstrip())
        for one in equals:
            if one.file is not None:
                typer.echo(f"    -> {one.file}")


def _size(one: Preview) -> str:
    if one.channel is not ChannelKind.SMS:
        return "email"
    size = measure(one.rendered.text)
    segments = "1 segment" if size.segments == 1 else f"{size.segments} segments"
    cost = "" if one.cost is None else f", ${one.cost:.4f}"
    return f"{size.encoding}, {size.units} units, {segments}{cost}"
