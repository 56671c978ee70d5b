"""The log-in page, and what follows when a person has got in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.response import Redirect

from starbeam.api import Refusal, TooMany, Unauthenticated, Unavailable
from starbeam.api.http import status_of
from starbeam_web.addresses import safe
from starbeam_web.frame import HEADERS
from starbeam_web.kept import Kept

if TYPE_CHECKING:
    from litestar import Request, Response

    from starbeam.api.web import LoginService, Proven, Show
    from starbeam_web.frame import Frame

UNKNOWN = "Your account exists, but this database does not know it. Ask the user office."
WRONG = "Name or password is wrong."
NOT_TAKEN = "What the log-in service answered does not hold. Please try again."


class GaveUp(Unauthenticated):
    """A log-in that was not finished; the sentence says why."""


class LogInPage:
    """Draws the page on which people log in."""

    def __init__(
        self, show: Show, frame: Frame, login_service: LoginService, next: str, kept: Kept | None = None
    ) -> None:
        self.next = safe(next)
        self._kept = kept
        self._show = show
        self._frame = frame
        self._backends = login_service.backends

    def __call__(self, refused: Refusal | None = None, backend: str = "", typed: str = "") -> Response[Any]:
        """The page; after a try, with why this backend let nobody in."""
        answer = self._show(
            "web/login.html",
            status_code=status_of(type(refused)) if refused else 200,
            **self._offered(),
            next=self.next,
            kept=self._kept.text if self._kept else "",
            said=self._said(refused, backend) if refused else "",
            typed=typed,
            tried=backend,
        )
        if isinstance(refused, TooMany):
            answer.headers["Retry-After"] = str(refused.wait)
        return answer

    def _offered(self) -> dict[str, Any]:
        """Providers, forms, and the accounts of a test system."""
        backends = self._backends.values()
        without_proof = [one.name for one in backends if one.test_only]
        return {
            "providers": [one for one in backends if one.by_sign_on],
            "forms": [one for one in backends if one.by_password],
            "accounts": self._frame.settings.accounts if without_proof else [],
            "open": without_proof[:1],
        }

    def _said(self, refused: Refusal, backend: str) -> str:
        """Why a log-in did not work, the same for an unknown name and a wrong password."""
        if isinstance(refused, TooMany):
            return f"Too many tries. Please try again in {refused.wait} seconds."
        if isinstance(refused, Unavailable | GaveUp):
            return refused.sentence
        if refused.sentence == "User does not exist in database.":
            return UNKNOWN
        tried = self._backends.get(backend)
        return NOT_TAKEN if tried and tried.by_sign_on else WRONG


def enter(
    request: Request[Any, Any, Any], frame: Frame, who: Proven, next: str, kept: Kept | None = None
) -> Response[Any]:
    """Log a browser in, and let it go where it wanted to, with what was typed."""
    answer: Response[Any] = Redirect(safe(next) or frame.address("/"), status_code=303, headers=HEADERS)
    if kept and kept.is_of(frame, request, who.login):
        answer = frame.page(request, "web/again.html", 200, {"kept": kept})
    frame.cookie.set(request, answer, who.login, who.person_id)
    return answer
