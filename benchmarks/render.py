"""Render: texts from templates, folded and measured, beside bare Jinja without a sandbox."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from jinja2 import Environment, Template

from benchmarks.catalogue import Options
from benchmarks.measuring import rate
from benchmarks.report import Report, medians
from outreach.domain.states import ChannelKind
from outreach.rendering import local_time
from outreach.rendering.messages import MessageTemplates
from outreach.rendering.segments import measure

_MESSAGES = ("prep_7d", "prep_3d", "prep_1d", "prep_2h", "checkin_24h", "dose_day")
_LANGUAGES = ("en", "es")
_WHICH = tuple((name, language) for name in _MESSAGES for language in _LANGUAGES)
_START = datetime(2027, 3, 15, 9, 0, tzinfo=ZoneInfo("America/New_York"))
_CONTEXT: Mapping[str, object] = {
    "clinic": {"name": "Birch Lane Clinic", "phone": "202-555-0142"},
    "site": {"name": "West", "phone": "202-555-0143"},
    "first": "Nadia",
    "first_visit": False,
    "for_other": False,
    "visit": {"start": _START, "end": _START.replace(hour=13), "hours": 4, "starts": [_START]},
    "dose": {"at": _START},
}


def run(options: Options) -> Report:
    """Texts in a second of CPU; medians of several rounds."""
    templates = MessageTemplates()
    plain = [_plain(templates, name, language) for name, language in _WHICH]
    texts = [_text(templates, name, language) for name, language in _WHICH]
    seconds = 0.02 if options.quick else 1.0
    rounds = [_round(templates, plain, texts, seconds) for _ in range(options.runs)]
    found = medians(rounds)
    return Report(
        figures={
            "texts_per_cpu_second": found["rendered"],
            "microseconds_per_text": 1e6 / found["rendered"],
            "measured_per_cpu_second": found["measured"],
        },
        baselines={
            "bare_jinja_per_cpu_second": found["bare"],
            "encoded_per_cpu_second": found["encoded"],
        },
        ratios={
            "to_bare_jinja": found["to_bare_jinja"],
            "measured_to_encoded": found["measured_to_encoded"],
        },
        facts={"messages": len(_WHICH)},
    )


def _round(
    templates: MessageTemplates, plain: list[Template], texts: list[str], seconds: float
) -> dict[str, float]:
    rendered = rate(lambda: _render(templates), seconds)
    bare = rate(lambda: _bare(plain), seconds)
    measured = rate(lambda: len([measure(text) for text in texts]), seconds)
    encoded = rate(lambda: len([len(text.encode("utf-16-le")) for text in texts]), seconds)
    return {
        "rendered": rendered,
        "bare": bare,
        "measured": measured,
        "encoded": encoded,
        "to_bare_jinja": rendered / bare,
        "measured_to_encoded": measured / encoded,
    }


def _render(templates: MessageTemplates) -> int:
    for name, language in _WHICH:
        templates.render(name, language, ChannelKind.SMS, _CONTEXT)
    return len(_WHICH)


def _bare(plain: list[Template]) -> int:
    for template in plain:
        template.render(_CONTEXT)
    return len(plain)


def _text(templates: MessageTemplates, name: str, language: str) -> str:
    return templates.render(name, language, ChannelKind.SMS, _CONTEXT).text


def _plain(templates: MessageTemplates, name: str, language: str) -> Template:
    """The same template in Jinja's plain environment: no sandbox, no folding, no segments."""
    environment = Environment(autoescape=False)  # noqa: S701 - an SMS is not HTML
    environment.filters["day"] = partial(local_time.day, language=language)
    environment.filters["clock"] = partial(local_time.clock, language=language)
    environment.filters["clocks"] = partial(local_time.clocks, language=language)
    source = templates.parts(name, language, ChannelKind.SMS)["sms.txt"].source
    return environment.from_string(source)
