"""Rendering: what a reader sees, what is refused, and that no value ever reaches an error."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from outreach.domain.errors import ConfigurationError
from outreach.domain.states import PATIENT_CHANNELS, ChannelKind
from outreach.pipeline.ports import Renderer
from outreach.rendering.messages import MessageTemplates

Write = Callable[[str, str], Path]
Context = dict[str, object]


def test_an_sms_is_one_folded_paragraph_with_local_times(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write(
        "note/en/sms.txt",
        "{{ clinic.name }}: {% if first %}Hi {{ first }}.{% endif %}\n"
        "See you {{ visit.start | day }}\nat {{ visit.start | clock }}.\n",
    )
    context["first"] = "Ángel"
    templates: Renderer = MessageTemplates(tmp_path)
    rendered = templates.render("note", "en", ChannelKind.SMS, context)
    assert rendered.text == "Birch Lane Clinic: Hi Angel. See you Tue, Mar 3 at 9:30 AM."
    assert (rendered.segments, rendered.subject, rendered.html) == (1, "", "")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("es", "martes 3 de marzo, 9:30 AM"), ("de", "Di., 3. März, 09:30")],
)
def test_days_and_times_are_in_the_messages_language(
    language: str, expected: str, write: Write, context: Context, tmp_path: Path
) -> None:
    write(f"note/{language}/subject.txt", "x")
    write(f"note/{language}/body.txt", "{{ visit.start | day }}, {{ visit.start | clock }}")
    rendered = MessageTemplates(tmp_path).render("note", language, ChannelKind.EMAIL, context)
    assert rendered.text == f"{expected}\n"


def test_an_email_has_inlined_styles_a_text_part_and_escaped_values(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/subject.txt", "{{ clinic.name }}:\n hello")
    write("note/en/body.txt", "Hi {{ first }}\n\n\n\nBye\n")
    write("note/en/body.html", '<p>{{ first }}</p><a href="tel:{{ site.phone }}">call</a>')
    context["first"] = "<b>Nadia & co</b>"
    rendered = MessageTemplates(tmp_path).render("note", "en", ChannelKind.EMAIL, context)
    assert rendered.subject == "Birch Lane Clinic: hello"
    assert rendered.text == "Hi <b>Nadia & co</b>\n\nBye\n"
    assert '<p style="color: #123456;">&lt;b&gt;Nadia &amp; co&lt;/b&gt;</p>' in rendered.html
    assert 'href="tel:202-555-0143"' in rendered.html
    assert '<html lang="en">' in rendered.html
    assert "<style" not in rendered.html
    assert rendered.segments == 0


def test_conditions_and_comparisons_in_html_survive_inlining(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/subject.txt", "x")
    write("note/en/body.txt", "x")
    write(
        "note/en/body.html", '{% if visit.hours > 3 and first == "Nadia" %}<p>long</p>{% endif %}'
    )
    rendered = MessageTemplates(tmp_path).render("note", "en", ChannelKind.EMAIL, context)
    assert "long</p>" in rendered.html


def test_a_tag_that_html_would_move_is_refused(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/subject.txt", "x")
    write("note/en/body.txt", "x")
    write(
        "note/en/body.html",
        "<p>a</p><table>{% for n in [1, 2] %}<tr><td>{{ n }}</td></tr>{% endfor %}</table>",
    )
    with pytest.raises(ConfigurationError, match=r"body\.html: a .* tag stands where"):
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.EMAIL, context)


def test_a_value_is_never_run_as_a_template(write: Write, context: Context, tmp_path: Path) -> None:
    write("note/en/sms.txt", "{{ first }}")
    context["first"] = "{{ 7 * 7 }}"
    rendered = MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)
    assert rendered.text == "{{ 7 * 7 }}"


def test_a_template_cannot_leave_the_sandbox(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/sms.txt", "{{ first.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(ConfigurationError, match=r"note/en/sms\.txt"):
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)


def test_a_missing_variable_names_the_file_and_the_variable_only(
    write: Write, context: Context, tmp_path: Path
) -> None:
    file = write("note/en/sms.txt", "{{ first }} {{ visit.room }} {{ last }}")
    with pytest.raises(ConfigurationError) as caught:
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)
    assert str(caught.value).startswith(f"{file}: uses last, visit.room, which")
    assert "Nadia" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_value_used_as_a_key_is_not_shown(write: Write, context: Context, tmp_path: Path) -> None:
    write("note/en/sms.txt", "{{ visit[first] }}")
    with pytest.raises(ConfigurationError) as caught:
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)
    assert "Nadia" not in str(caught.value)


def test_a_time_without_a_zone_is_refused(write: Write, context: Context, tmp_path: Path) -> None:
    write("note/en/sms.txt", "{{ dose.at | clock }}")
    context["dose"] = {"at": datetime(2026, 3, 3, 9, 30)}  # noqa: DTZ001 - the fault under test
    with pytest.raises(ConfigurationError, match=r"sms\.txt: cannot be rendered \(ValueError\)"):
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)


@pytest.mark.parametrize(
    ("name", "language", "place"),
    [("nothing", "en", "nothing"), ("note", "fr", "note/fr/sms.txt"), ("../note", "en", "../note")],
)
def test_a_missing_message_or_language_names_the_place(
    name: str, language: str, place: str, write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/sms.txt", "x")
    with pytest.raises(ConfigurationError) as caught:
        MessageTemplates(tmp_path).render(name, language, ChannelKind.SMS, context)
    assert place in str(caught.value)


def test_an_email_without_a_text_part_is_refused(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/subject.txt", "x")
    write("note/en/body.html", "<p>x</p>")
    with pytest.raises(ConfigurationError, match=r"note/en/body\.txt: missing"):
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.EMAIL, context)


def test_a_broken_tag_names_file_and_line(write: Write, context: Context, tmp_path: Path) -> None:
    file = write("note/en/sms.txt", "Hello\n{{ first | shout }}")
    with pytest.raises(ConfigurationError) as caught:
        MessageTemplates(tmp_path).render("note", "en", ChannelKind.SMS, context)
    assert str(caught.value).startswith(f"{file}, line 2: ")


def test_languages_and_channels_are_those_with_files(write: Write, tmp_path: Path) -> None:
    write("note/en/sms.txt", "x")
    write("note/es/body.txt", "x")
    write("note/fr/readme.md", "x")
    templates = MessageTemplates(tmp_path)
    assert templates.names() == ("note",)
    assert templates.languages("note") == {"en", "es"}
    assert templates.languages("other") == templates.languages("../note") == frozenset()
    assert not templates.offers("note", "es", ChannelKind.SMS)


def test_one_version_stands_for_every_file_of_a_language_and_for_nothing_else(
    write: Write, context: Context, tmp_path: Path
) -> None:
    def version() -> str:
        templates = MessageTemplates(tmp_path)
        (found,) = {
            templates.version("note", "en"),
            *(templates.render("note", "en", way, context).version for way in PATIENT_CHANNELS),
        }
        return found

    for file in ("sms.txt", "subject.txt", "body.txt"):
        write(f"note/en/{file}", "x")
    write("note/en/body.html", "<p>x</p>")
    seen = [version()]
    assert version() == seen[0]
    for file, text in {
        "note/en/sms.txt": "y",
        "note/en/subject.txt": "y",
        "note/en/body.txt": "y",
        "note/en/body.html": "<p>y</p>",
        "_layout/email.html": "<html><body><!-- body --></body></html>",
    }.items():
        write(file, text)
        seen.append(version())
    assert len(set(seen)) == len(seen)
    write("note/es/sms.txt", "z")
    write("other/en/sms.txt", "z")
    assert version() == seen[-1]


def test_the_layout_is_no_part_of_a_message_without_an_html_email(
    write: Write, tmp_path: Path
) -> None:
    write("note/en/sms.txt", "x")
    before = MessageTemplates(tmp_path).version("note", "en")
    write("_layout/email.html", "<html><body><!-- body --></body></html>")
    assert MessageTemplates(tmp_path).version("note", "en") == before


def test_a_version_stays_with_the_text_that_was_read(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("note/en/sms.txt", "x")
    templates = MessageTemplates(tmp_path)
    before = templates.version("note", "en")
    write("note/en/sms.txt", "y")
    rendered = templates.render("note", "en", ChannelKind.SMS, context)
    assert (rendered.text, rendered.version) == ("x", before)
    assert MessageTemplates(tmp_path).version("note", "en") != before


def test_a_clinics_own_folder_overrides_one_file(
    write: Write, context: Context, tmp_path: Path
) -> None:
    write("own/note/en/sms.txt", "ours")
    write("shipped/note/en/sms.txt", "theirs")
    write("shipped/note/es/sms.txt", "suyo")
    templates = MessageTemplates(tmp_path / "own", tmp_path / "shipped")
    assert templates.render("note", "en", ChannelKind.SMS, context).text == "ours"
    assert templates.render("note", "es", ChannelKind.SMS, context).text == "suyo"


def test_campaign_fields_are_what_a_launch_must_supply() -> None:
    assert MessageTemplates().campaign_fields("campaign_hours") == {"when", "hours"}
    assert MessageTemplates().campaign_fields("prep_2h") == frozenset()


def test_threads_share_one_renderer(context: Context) -> None:
    templates = MessageTemplates()

    def render_many(language: str) -> set[str]:
        made = (templates.render("prep_7d", language, ChannelKind.SMS, context) for _ in range(500))
        return {rendered.text for rendered in made}

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(render_many, ["en", "es"] * 4))
    assert all(len(texts) == 1 for texts in results)
    assert len(set.union(*results)) == 2
