"""What a caller is told when something is wrong: RFC 9457 problems, one sentence, no PHI."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from outreach.domain.errors import OutreachError, Unavailable
from outreach.web.pages import error_page, wants_page

RETRY_AFTER_SECONDS = 5
UNAVAILABLE = "The store cannot be reached. Nothing was changed: send it again."
MEDIA_TYPE = "application/problem+json"


class Refused(OutreachError):
    """A request that is not taken: a status, and one sentence that says what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Problem(BaseModel):
    """The body of a refusal (RFC 9457)."""

    title: str
    status: int
    detail: str


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, object] | None = None,
) -> JSONResponse:
    """A refusal as ``application/problem+json``."""
    said = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    return JSONResponse(
        {**said.model_dump(), **(extra or {})},
        status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def register(app: FastAPI) -> None:
    """Turns this program's errors, and the framework's, into problems or plain pages."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _framework)


def _answer(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    if wants_page(request):
        return error_page(request, status, detail, headers)
    return problem(status, detail, headers)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101  registered for this class alone
    return _answer(request, error.status, error.detail, error.headers)


async def _unavailable(request: Request, _error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return _answer(request, HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places = ", ".join(".".join(str(part) for part in fault["loc"]) for fault in error.errors())
    return _answer(request, HTTPStatus.BAD_REQUEST, f"Not understood: {places}.")


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = {404: "There is nothing here.", 405: "This address takes no such request."}
    said = detail.get(error.status_code, HTTPStatus(error.status_code).phrase)
    return _answer(request, error.status_code, said, error.headers)
