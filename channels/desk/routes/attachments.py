"""The way by which agents look at the pictures and files of a case; a page of the desk is given none of their power."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import StreamingResponse

from channels.desk.cases import Cases
from channels.desk.fetching import Away, Files, Gone
from channels.desk.routes.access import Access, Seen

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/mp4": "mp4",
    "text/plain": "txt",
}
"""The types that are passed on, by what the names of their files end with."""

UNKNOWN = "application/octet-stream"
POLICY = "default-src 'none'; sandbox"

Number = Annotated[int, Path(ge=1, le=100)]


def attachments(access: Access, cases: Cases, files: Files) -> APIRouter:
    routes = APIRouter(prefix="/api/cases/{id}")

    @routes.get("/lines/{message}/files/{number}")
    async def file(seen: Annotated[Seen, Depends(access.case)], message: str, number: Number) -> StreamingResponse:
        line = next((each for each in await cases.lines(seen.case.id) if each.message == message), None)
        if line is None:
            raise HTTPException(404, "There is no such file.")
        await cases.saw(seen.agent.id, "file read", seen.case.id, about={"line": line.id, "number": number})
        try:
            fetched = await files.fetch(line, number)
        except Gone as error:
            raise HTTPException(404, "There is no such file, or its provider does not have it any more.") from error
        except Away as error:
            raise HTTPException(502, f"Its provider does not give the file now: {error}.") from error
        kind = fetched.kind if fetched.kind in ENDINGS else UNKNOWN
        name = f"{seen.case.id}-{line.id}-{number}.{ENDINGS.get(kind, 'bin')}"
        shown = "inline" if kind.startswith("image/") else "attachment"
        headers = {"Content-Type": kind, "Content-Disposition": f'{shown}; filename="{name}"'}
        return StreamingResponse(fetched.content, headers=headers | {"Content-Security-Policy": POLICY})

    return routes
