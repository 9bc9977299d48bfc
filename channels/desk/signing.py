"""How agents come in and go out: the page with the form, the cookie of a sign-in."""

from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from channels.desk.access import COOKIE
from channels.desk.accounts import Accounts, Locked
from channels.web.message import body

PAGES = Path(__file__).parent / "pages"
MOST_BYTES = 65_536


def signing(accounts: Accounts, *, secure: bool) -> APIRouter:
    """`secure` is whether the cookie goes by https only."""
    routes = APIRouter()

    @routes.get("/sign-in")
    async def sign_in_page() -> Response:
        return FileResponse(PAGES / "sign-in.html")

    @routes.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, "This request cannot be trusted.")
        given = parse_qs((await body(request.stream(), MOST_BYTES)).decode("utf-8", "replace"))
        form = {name: values[0] for name, values in given.items()}
        try:
            token = await accounts.sign_in(form.get("email", ""), form.get("password", ""))
        except Locked:
            return RedirectResponse("/sign-in?locked#locked", 303)
        if token is None:
            return RedirectResponse("/sign-in?wrong#wrong", 303)
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)
        return response

    @routes.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await accounts.sign_out(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        return response

    @routes.get("/")
    async def desk(request: Request) -> Response:
        if await accounts.who(request.cookies.get(COOKIE, "")) is None:
            return RedirectResponse("/sign-in", 303)
        return FileResponse(PAGES / "desk.html")

    return routes
