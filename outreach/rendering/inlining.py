"""HTML email: a message's body set into the clinic's layout, CSS moved into style attributes.

Done once per template, on the Jinja source itself, so that rendering an email parses no HTML.
"""

import re

import css_inline

from outreach.domain.errors import ConfigurationError

BODY_MARK = "<!-- body -->"
"""Stands in the layout where the message's own ``body.html`` goes."""

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TOKEN = re.compile("\ue000([0-9]+)\ue001")


def inlined(layout: str, body: str, file: str) -> str:
    """The Jinja source of a whole email.

    Jinja tags travel through the HTML parser as private-use characters, which it keeps in text
    and attributes alike. ``file`` is named in an error.

    Raises:
        outreach.domain.errors.ConfigurationError: the layout has no place for a body, or the HTML
            parser had to move a tag (as it does between table rows), which would change meaning.
    """
    if BODY_MARK not in layout:
        raise ConfigurationError(f"The email layout of {file} lacks the line {BODY_MARK}.")
    source = layout.replace(BODY_MARK, body)
    tags = [match.group() for match in _JINJA.finditer(source)]
    numbers = iter(range(len(tags)))
    marked = _JINJA.sub(lambda _: f"\ue000{next(numbers)}\ue001", source)
    html = css_inline.CSSInliner(load_remote_stylesheets=False).inline(marked)
    if [int(match.group(1)) for match in _TOKEN.finditer(html)] != list(range(len(tags))):
        raise ConfigurationError(
            f"{file}: a {{...}} tag stands where HTML allows no text, such as between the rows of"
            " a table or in the head. Move it into a cell or paragraph."
        )
    return _TOKEN.sub(lambda match: tags[int(match.group(1))], html)
