"""Small forms of our own pages."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from outreach.web.bodies import read_body
from outreach.web.problems import Refused

Form = dict[str, str]

_LIMIT = 20_000
_MOST_FIELDS = 20


async def read_form(request: Request) -> Form:
    """The fields of an urlencoded form.

    Raises:
        Refused: it is too large (413) or no such form (400).
    """
    body = await read_body(request, _LIMIT)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused(400, "This form cannot be read.") from None
    return dict(pairs)
