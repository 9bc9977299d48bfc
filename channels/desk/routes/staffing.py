"""What pages ask for about people: one's own account, and for those who may, the staff and the trail of what was done."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field

from channels.desk.people.accounts import Accounts, Agent, Role
from channels.desk.people.factors import Factors
from channels.desk.people.guesses import Locked
from channels.desk.people.invitations import Invitation, Invitations
from channels.desk.people.passwords import LONGEST, Unfit
from channels.desk.people.sign_ins import demanded
from channels.desk.people.staff import Change, Member, Staff
from channels.desk.people.trail import PAGE, Trail, Wanted
from channels.desk.routes.access import COOKIE, Access, Id
from channels.desk.routes.signing import PAGES
from channels.desk.teams import Teams
from channels.texts import languages

ROLES_OF: dict[str, tuple[Role, ...]] = {
    "me": (),
    "staff": ("administrator",),
    "audit": ("supervisor", "administrator"),
}
"""The pages, and who may open them; nobody is kept from their own account."""


class Changed(BaseModel):
    name: str = Field(max_length=200)
    role: Role
    languages: list[str] = Field(max_length=20)
    teams: list[str] = Field(default=[], max_length=100)
    capacity: int | None = Field(default=None, ge=1, le=100)


class Invited(Changed):
    email: str = Field(max_length=254)


class Code(BaseModel):
    code: str = Field(max_length=100)


class Confirmed(Code):
    sealed: str = Field(max_length=2000)


class NewPassword(BaseModel):
    old: str = Field(max_length=10 * LONGEST)
    new: str = Field(max_length=10 * LONGEST)


def staffing(
    access: Access, accounts: Accounts, factors: Factors, invitations: Invitations, teams: Teams, *, secure: bool
) -> APIRouter:
    """`secure` is whether the cookie goes by https only."""
    routes, staff, trail = APIRouter(), Staff(accounts), Trail(accounts.engine)
    Me = Annotated[Agent, Depends(access.signed_in)]
    Enrolling = Annotated[Agent, Depends(access.enrolling)]
    Administrator = Annotated[Agent, Depends(access.role("administrator"))]
    Supervisor = Annotated[Agent, Depends(access.role("supervisor", "administrator"))]

    def carried(content: dict[str, Any], token: str) -> Response:
        response = JSONResponse(content)
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)
        return response

    for name, roles in ROLES_OF.items():

        @routes.get(f"/{name}")
        async def page(request: Request, name: str = name, roles: tuple[Role, ...] = roles) -> Response:
            found = await accounts.who(request.cookies.get(COOKIE, ""))
            if found is None:
                return RedirectResponse("/", 303)
            if roles and found.role not in roles:
                await trail.note(found.id, "refused", {"path": f"/{name}"})
                return FileResponse(PAGES / "refused.html", 403)
            return FileResponse(PAGES / f"{name}.html")

    # One's own account

    @routes.get("/api/account")
    async def account(agent: Me) -> dict[str, Any]:
        left = await factors.left(agent)
        about = {"name": agent.name, "email": agent.email, "role": agent.role, "teams": list(agent.teams)}
        codes = {"codes": left, "demanded": demanded(agent.role, accounts.demand)}
        return about | codes | {"password": await accounts.has_password(agent.id), "titles": _titles(teams)}

    @routes.get("/api/account/enrolling")
    async def enrolling(agent: Enrolling) -> dict[str, str]:
        return {"name": agent.name, "role": agent.role}

    @routes.post("/api/account/password")
    async def password(agent: Me, request: Request, given: NewPassword) -> Response:
        token = await accounts.change_password(request.cookies.get(COOKIE, ""), given.new, given.old)
        return carried({}, token) if token else _no("wrong")

    @routes.post("/api/account/codes/offer")
    async def offer(agent: Enrolling) -> dict[str, Any]:
        return asdict(factors.offer(agent))

    @routes.post("/api/account/codes/on")
    async def turn_on(agent: Enrolling, request: Request, given: Confirmed) -> Response:
        here = request.cookies.get(COOKIE, "")
        recovery, token = await factors.turn_on(agent, given.sealed, given.code, here)
        return carried({"recovery": recovery}, token)

    @routes.post("/api/account/codes/off")
    async def turn_off(agent: Me, given: Code) -> Response:
        return JSONResponse({}) if await factors.turn_off(agent, given.code) else _no("code")

    @routes.post("/api/account/codes/recovery")
    async def recover(agent: Me, given: Code) -> Response:
        recovery = await factors.recover_with(agent, given.code)
        return JSONResponse({"recovery": recovery}) if recovery else _no("code")

    # The staff

    @routes.get("/api/staff")
    async def everybody(agent: Administrator) -> dict[str, Any]:
        return {
            "me": agent.id,
            "staff": [_shown(each, accounts) for each in await staff.everybody()],
            "titles": _titles(teams),
            "languages": list(languages()),
        }

    @routes.post("/api/staff")
    async def invite(agent: Administrator, given: Invited) -> dict[str, Any]:
        _fit(given, teams)
        works = (given.role, given.languages, given.teams)
        made = await invitations.invite(given.email, given.name, *works, capacity=given.capacity, by=agent.id)
        return _link(made)

    @routes.post("/api/staff/{id}")
    async def change(agent: Administrator, id: str, given: Changed) -> dict[str, Any]:
        _fit(given, teams)
        await staff.change(id, Change(**given.model_dump()), agent.id)
        return {}

    @routes.post("/api/staff/{id}/close")
    async def close(agent: Administrator, id: str) -> dict[str, Any]:
        await staff.close(id, agent.id)
        return {}

    @routes.post("/api/staff/{id}/open")
    async def reopen(agent: Administrator, id: str) -> dict[str, Any]:
        await staff.reopen(id, agent.id)
        return {}

    @routes.post("/api/staff/{id}/reset")
    async def reset(agent: Administrator, id: str) -> dict[str, Any]:
        _another(agent, id)
        return _link(await invitations.reset_one(id, agent.id))

    @routes.post("/api/staff/{id}/codes-off")
    async def codes_off(agent: Administrator, id: str) -> dict[str, Any]:
        _another(agent, id)
        await staff.codes_off(id, agent.id)
        return {}

    # The trail

    @routes.get("/api/audit")
    async def audit(
        agent: Supervisor,
        of: Annotated[str | None, Query(max_length=32)] = None,
        case: Id | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: Id | None = None,
    ) -> dict[str, Any]:
        only = agent.role != "administrator"
        found = await trail.read(Wanted(of, case, since, until, before, cases_only=only), agent.id)
        people = {each.agent.id: each.agent.name for each in await staff.everybody()}
        more = found[-1].id if len(found) == PAGE else None
        steps = [asdict(each) | {"at": each.at.isoformat()} for each in found]
        return {"steps": steps, "more": more, "staff": people, "cases_only": only, "role": agent.role}

    return routes


def unfit(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Unfit)
    return JSONResponse({"error": error.code, "message": str(error)}, 422)


def locked(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Locked)
    return JSONResponse({"error": "locked", "message": "Too many tries. Wait a quarter of an hour."}, 423)


def _no(code: str) -> JSONResponse:
    return JSONResponse({"error": code, "message": "This is not right."}, 422)


def _fit(given: Changed, teams: Teams) -> None:
    if not set(given.teams) <= set(teams) or not given.languages or not set(given.languages) <= set(languages()):
        raise Unfit("There is no such team or language.", "unfit")


def _another(agent: Agent, id: str) -> None:
    """Who could do it to themselves would need no code or password for it."""
    if agent.id == id:
        raise Unfit("Do this for yourself in your settings.", "self")


def _titles(teams: Teams) -> dict[str, Any]:
    return {name: teams[name].title for name in teams}


def _link(made: Invitation) -> dict[str, Any]:
    return {"id": made.agent.id, "link": made.link, "ends": made.ends.isoformat()}


def _shown(member: Member, accounts: Accounts) -> dict[str, Any]:
    agent = member.agent
    times = {name: value and value.isoformat() for name, value in (("invited", member.invited), ("seen", member.seen))}
    about = {name: getattr(member, name) for name in ("active", "codes", "single", "arrived", "locked")}
    return asdict(agent) | about | times | {"demanded": demanded(agent.role, accounts.demand)}
