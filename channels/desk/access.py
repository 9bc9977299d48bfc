"""Who asks the desk for what, and whether they may: every request passes here, and what is refused is written down."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import HTTPException, Path, Request

from channels.desk.accounts import Accounts, Agent, Role
from channels.desk.case import Case, NoCase
from channels.desk.cases import Cases

COOKIE = "guichet-desk"
SAFE = ("GET", "HEAD")

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
        found = await self._accounts.who(request.cookies.get(COOKIE, ""))
        if found is None:
            raise HTTPException(401, "Sign in first.")
        if request.method not in SAFE and request.headers.get("x-guichet") != "desk":
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
        agent, case = await self.signed_in(request), await self._cases.one(id)
        if not may_see(agent, case):
            await self._refused(agent, request, "case refused", id)
            raise NoCase
        return Seen(agent, case)

    async def _refused(self, agent: Agent, request: Request, did: str, case: int | None = None) -> None:
        await self._cases.saw(agent.id, did, case, about={"path": request.url.path})


def may_see(agent: Agent, case: Case) -> bool:
    """Agents see the cases of their teams and those that were given to them; supervisors and administrators see all."""
    return agent.works_for(case.team) or agent.supervises or case.agent == agent.id
