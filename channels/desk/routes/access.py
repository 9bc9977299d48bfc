"""Who asks the desk for what, and whether they may: every request passes here, and what is refused is written down."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import HTTPException, Path, Request

from channels.desk.case import Case, NoCase
from channels.desk.cases import Cases
from channels.desk.people.accounts import Accounts, Agent, Role
from channels.desk.people.sign_ins import Lack

COOKIE = "guichet-desk"
SAFE = ("GET", "HEAD")
OWN = ("same-origin", "none", None)  # what browsers say of where a request comes from; None where they do not say it

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody who may see a case, and the case."""

    agent: Agent
    case: Case


class Access:
    def __init__(self, accounts: Accounts, cases: Cases) -> None:
        self._accounts, self._cases = accounts, cases

    async def signed_in(self, request: Request) -> Agent:
        """Whoever asks. What changes something must come from the desk's own pages."""
        return await self._whoever(request)

    async def enrolling(self, request: Request) -> Agent:
        """Whoever asks, also if all that they lack is to set one-time codes up."""
        return await self._whoever(request, "factor")

    async def at_desk(self, request: Request) -> Agent:
        """Whoever asks, if they may see cases at all."""
        found = await self._whoever(request)
        if found.role == "publisher":
            await self._refused(found, request, "refused")
            raise HTTPException(403, "Your role does not allow this.")
        return found

    async def _whoever(self, request: Request, *may_lack: Lack) -> Agent:
        signed = await self._accounts.signed_in(request.cookies.get(COOKIE, ""))
        if signed is None or signed.lacks not in (None, *may_lack):
            raise HTTPException(401, "Sign in first.")
        found = signed.agent
        own = request.headers.get("x-guichet") == "desk" and request.headers.get("sec-fetch-site") in OWN
        if request.method not in SAFE and not own:
            await self._refused(found, request, "forged request refused")
            raise HTTPException(403, "This request cannot be trusted.")
        return found

    def role(self, *roles: Role) -> Callable[[Request], Awaitable[Agent]]:
        """Whoever asks, if they have one of these roles."""

        async def one_of(request: Request) -> Agent:
            found = await self.signed_in(request)
            if found.role not in roles:
                await self._refused(found, request, "refused")
                raise HTTPException(403, "Your role does not allow this.")
            return found

        return one_of

    async def case(self, id: Id, request: Request) -> Seen:
        """Whoever asks, and the case of the address, if it is of one of their teams, or theirs. Raises NoCase: who may not
        see it learns nothing."""
        agent, case = await self.at_desk(request), await self._cases.one(id)
        if not may_see(agent, case):
            await self._refused(agent, request, "case refused", id)
            raise NoCase
        return Seen(agent, case)

    async def _refused(self, agent: Agent, request: Request, did: str, case: int | None = None) -> None:
        await self._cases.saw(agent.id, did, case, about={"path": request.url.path})


def may_see(agent: Agent, case: Case) -> bool:
    """Agents see the cases of their teams and those that were given to them; supervisors and administrators see all,
    publishers none."""
    sees = agent.works_for(case.team) or agent.supervises or case.agent == agent.id
    return sees and agent.role != "publisher"
