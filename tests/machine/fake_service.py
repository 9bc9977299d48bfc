"""A whole service with small parts that only answer as the real ones would.

python -m tests.machine.fake_service HOME [NAME OF A PART THAT IS TO BE BROKEN]
"""

import asyncio
import sys
from pathlib import Path

from channels.settings import Settings
from machine.console import say_error
from machine.errors import sentence
from machine.home import held
from machine.supervisor import Supervisor

ANSWER = """
import http.server, os, urllib.parse
port = {"WEB": "GUICHET_PUBLIC_PORT", "DESK": "GUICHET_DESK_PORT"}.get("{name}")
where = "http://x:" + os.environ[port] if port else os.environ["GUICHET_{name}_URL"]
class Yes(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", urllib.parse.urlsplit(where).port), Yes).serve_forever()
"""
LOOK = """
import redis, time
from channels.settings import Settings
settings = Settings()
client = redis.Redis.from_url(settings.redis_url, client_name=settings.consumer)
while True:
    try:
        client.blpop("nothing", 0.2)
    except redis.RedisError:
        time.sleep(0.1)
"""


def command(name: str) -> tuple[str, ...]:
    return sys.executable, "-c", LOOK if name == "worker" else ANSWER.replace("{name}", name.upper())


def main(home: Path, broken: str = "") -> None:
    def say(title: str, state: str) -> None:
        print(f"{title}: {state}", flush=True)

    def start(name: str) -> tuple[str, ...]:
        return (sys.executable, "-c", "raise SystemExit('it is broken')") if name == broken else command(name)

    settings = Settings(_env_file=None, home=home, public_port=0)
    with held(home) as lock:
        asyncio.run(Supervisor(settings, say, (lock,), start).up(lambda _: print("Ready", flush=True)))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *sys.argv[2:])
    except Exception as error:
        said = sentence(error)
        if said is None:
            raise
        say_error(said)
        sys.exit(1)
