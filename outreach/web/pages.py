"""Server-rendered pages: one Jinja2 environment, no script, nothing inline."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

STATIC = Path(__file__).parent / "static"
_TEMPLATES = Path(__file__).parent.parent / "templates" / "web"

_environment = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    name: str,
    context: Mapping[str, object],
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """``templates/web/<name>.html.j2`` as a response."""
    html = _environment.get_template(f"{name}.html.j2").render(context)
    return HTMLResponse(html, status, headers=dict(headers or {}))


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks; machines get problems in JSON."""
    return "text/html" in request.headers.get("accept", "")


def error_page(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """One sentence on a page; a page that a store is too down to fill tries again by itself."""
    again = status == HTTPStatus.SERVICE_UNAVAILABLE and request.method == "GET"
    if again:
        detail = "This page cannot be filled just now. It tries again by itself."
    context = {"heading": HTTPStatus(status).phrase, "detail": detail, "again": again}
    return page("notice", context, status, headers)
