"""How agents come in and go out: the pages with forms, the cookie of a sign-in, single sign-on."""

from html import escape
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from channels.desk.people.accounts import Accounts, address
from channels.desk.people.factors import Factors
from channels.desk.people.guesses import Locked
from channels.desk.people.invitations import Invitations
from channels.desk.people.limits import Limits
from channels.desk.people.oidc import BACK, KEPT_SECONDS, Away, Provider, Refused
from channels.desk.people.passwords import LONGEST, Unfit
from channels.desk.people.trail import Trail
from channels.desk.routes.access import COOKIE

PAGES = Path(__file__).parents[1] / "pages"
STEPS = {"code": "/code", "password": "/change", "factor": "/enrol"}
"""Where somebody goes who is not signed in yet, by what they lack."""
LEAVING = "guichet-desk-leaving"  # the cookie of a browser that is at the provider
SINGLE = "<!-- single sign-on -->"


class Welcomed(BaseModel):
    token: str = Field(max_length=200)
    password: str = Field(default="", max_length=10 * LONGEST)


def signing(
    accounts: Accounts,
    factors: Factors,
    invitations: Invitations,
    limits: Limits,
    provider: Provider | None,
    *,
    secure: bool,
) -> APIRouter:
    """`secure` is whether the cookie goes by https only."""
    routes, trail = APIRouter(), Trail(accounts.engine)
    sign_in_html = (PAGES / "sign-in.html").read_text("utf-8").replace(SINGLE, _button(provider))

    def carry(response: Response, token: str) -> Response:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)
        return response

    async def busy(request: Request) -> bool:
        return await limits.busy(request.client.host if request.client else "")

    @routes.get("/")
    async def desk(request: Request) -> Response:
        found = await accounts.signed_in(request.cookies.get(COOKIE, ""))
        if found is None:
            return RedirectResponse("/sign-in", 303)
        if found.lacks:
            return RedirectResponse(STEPS[found.lacks], 303)
        if found.agent.role == "publisher":
            return RedirectResponse("/me", 303)
        return FileResponse(PAGES / "desk.html")

    @routes.get("/sign-in")
    async def sign_in_page() -> Response:
        return HTMLResponse(sign_in_html)

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        if await busy(request):
            return RedirectResponse("/sign-in?busy#busy", 303)
        email = form.get("email", "")
        try:
            token = await accounts.sign_in(email, form.get("password", ""))
        except Locked:
            return RedirectResponse("/sign-in?locked#locked", 303)
        if token is None:
            why = "locked" if await limits.missed(address(email)) else "wrong"
            return RedirectResponse(f"/sign-in?{why}#{why}", 303)
        return carry(RedirectResponse("/", 303), token)

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        _own(request)
        await accounts.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    for lack, path in STEPS.items():

        @routes.get(path)
        async def step(request: Request, lack: str = lack, path: str = path) -> Response:
            found = await accounts.signed_in(request.cookies.get(COOKIE, ""))
            if found is None or found.lacks != lack:
                return RedirectResponse("/", 303)
            return FileResponse(PAGES / f"{path[1:]}.html")

    @routes.post("/code")
    async def code(request: Request) -> Response:
        form, here = await _form(request), request.cookies.get(COOKIE, "")
        if await busy(request):
            return RedirectResponse("/code?busy#busy", 303)
        try:
            token = await factors.enter(here, form.get("code", ""))
        except Locked:
            return RedirectResponse("/sign-in?locked#locked", 303)
        if token is None:
            return RedirectResponse("/code?wrong#wrong", 303)
        return carry(RedirectResponse("/", 303), token)

    @routes.post("/change")
    async def change(request: Request) -> Response:
        form, here = await _form(request), request.cookies.get(COOKIE, "")
        try:
            token = await accounts.change_password(here, form.get("password", ""))
        except Unfit as error:
            return RedirectResponse(f"/change?{error.code}#{error.code}", 303)
        except Locked:
            return RedirectResponse("/sign-in?locked#locked", 303)
        return carry(RedirectResponse("/", 303), token) if token else RedirectResponse("/", 303)

    @routes.get("/welcome")
    async def welcome_page() -> Response:
        return FileResponse(PAGES / "welcome.html")

    @routes.post("/welcome/who")
    async def invited(request: Request, given: Welcomed, x_guichet: Annotated[str, Header()] = "") -> Response:
        _own(request)
        if x_guichet != "desk":
            raise HTTPException(403, "This request cannot be trusted.")
        if await busy(request):
            return JSONResponse({"error": "busy"}, 429)
        found = await invitations.who(given.token)
        return JSONResponse({"name": found.name, "email": found.email} if found else {}, 200 if found else 404)

    @routes.post("/welcome")
    async def welcome(request: Request, given: Welcomed, x_guichet: Annotated[str, Header()] = "") -> Response:
        _own(request)
        if x_guichet != "desk":
            raise HTTPException(403, "This request cannot be trusted.")
        if await busy(request):
            return JSONResponse({"error": "busy"}, 429)
        try:
            token = await invitations.accept(given.token, given.password)
        except Unfit as error:
            return JSONResponse({"error": error.code, "message": str(error)}, 422)
        return carry(JSONResponse({}), token) if token else JSONResponse({"error": "ended"}, 404)

    if provider is None:
        return routes

    @routes.get("/sign-in/oidc")
    async def leave(request: Request) -> Response:
        if await busy(request):
            return RedirectResponse("/sign-in?busy#busy", 303)
        try:
            begun = await provider.begin()
        except Away as error:
            await trail.note(None, "sign-in refused", {"by": "single sign-on", "why": f"away: {error}"})
            return RedirectResponse("/sign-in?away#away", 303)
        response = RedirectResponse(begun.address, 303)
        lax = {"httponly": True, "samesite": "lax", "secure": secure, "path": "/sign-in/oidc"}
        response.set_cookie(LEAVING, begun.browser, max_age=KEPT_SECONDS, **lax)  # type: ignore[arg-type]
        return response

    @routes.get(BACK)
    async def come_back(request: Request) -> Response:
        why, about = "", {}
        try:
            person = await provider.finish(dict(request.query_params), request.cookies.get(LEAVING, ""))
            token = await accounts.sign_in_by(person.subject, person.email)
            if token is None:
                why, about = "stranger", {"why": "no account", "subject": person.subject, "email": person.email}
        except Refused as error:
            why, about = "refused", {"why": str(error)}
        except Away as error:
            why, about = "away", {"why": f"away: {error}"}
        if why:
            await trail.note(None, "sign-in refused", {"by": "single sign-on", **about})
            response: Response = RedirectResponse(f"/sign-in?{why}#{why}", 303)
        else:
            # a redirect would still come from the provider's site, without the cookie that this page's own way on has
            response = carry(FileResponse(PAGES / "arrived.html"), token or "")
        response.delete_cookie(LEAVING, path="/sign-in/oidc")
        return response

    return routes


async def _form(request: Request) -> dict[str, str]:
    _own(request)
    given = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in given.items()}


def _own(request: Request) -> None:
    """A form comes from the desk's own pages, or from no page; browsers say so, without https by the origin alone."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = site in ("same-origin", "none") if site else origin in (None, _origin(request, origin))
    if not own:
        raise HTTPException(403, "This request cannot be trusted.")


def _origin(request: Request, given: str | None) -> str:
    """The origin of the desk, whichever scheme a proxy leaves of it."""
    return f"{urlsplit(given or '').scheme}://{request.headers.get('host', '')}"


def _button(provider: Provider | None) -> str:
    if provider is None:
        return ""
    name = escape(provider.name or "")
    english = f"Sign in with {name}" if name else "Sign in with your organization’s account"
    french = f"Se connecter avec {name}" if name else "Se connecter avec le compte de votre organisation"
    way = f'<a class="single" href="/sign-in/oidc"><span lang="en">{english}</span> <span lang="fr">{french}</span></a>'
    either = '<p class="either"><span lang="en">or</span> <span lang="fr">ou</span></p>'
    return f"{way}\n  {either}"
