"""Clients that connect for each query, through a pooler, while something happens to it.

Run by path in the sandbox's network: busy_clients.py COUNT SERVER_HOST NAME=VALUE…, where SERVER_HOST is the server
behind the pooler and the others are parameters of libpq. Each line of standard input is a password that works from now
on, beside the one before; at its end, prints as JSON how many queries were answered, the errors of the others, how many
logins were refused because of the password, and the most connections that the server had.
"""

import json
import sys
import threading
from collections import Counter

import psycopg

ATTEMPTS = 10
"""Logins with each of two passwords: which pod one comes to is chance."""

CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE usename = current_user AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Clients:
    """What all threads share."""

    def __init__(self, parameters: dict[str, str], server: str, password: str) -> None:
        self.parameters = {"connect_timeout": "30", **parameters}
        self.server = server
        self.passwords = [password]
        self.stop = threading.Event()
        self.seen: Counter[str] = Counter()
        self.most = 0

    def work(self) -> None:
        """One client: connect, ask, disconnect, again and again."""
        while not self.stop.is_set():
            try:
                self.query()
                self.seen["answered"] += 1
            except psycopg.Error as error:
                self.seen[f"error: {str(error).strip()}"] += 1

    def query(self) -> None:
        """Ask with the newest password first; during a rotation, each pod of the pooler knows one of the two."""
        *older, newest = self.passwords[-2:]
        for password in [newest, *older] * ATTEMPTS:
            try:
                self.ask(password)
                return
            except psycopg.OperationalError as error:
                if not older or "authentication failed" not in str(error):
                    raise
                self.seen["refused"] += 1
        raise psycopg.OperationalError(f"refused {ATTEMPTS} times with each password")

    def ask(self, password: str) -> None:
        """One query in a connection of its own."""
        with psycopg.connect(autocommit=True, password=password, **self.parameters) as connection:
            connection.execute("SELECT count(*) FROM pg_class")

    def watch(self) -> None:
        """Count the server's connections, past the pooler."""
        place = {**self.parameters, "host": self.server}
        with psycopg.connect(autocommit=True, password=self.passwords[-1], **place) as connection:
            while not self.stop.wait(0.05):
                found = connection.execute(CONNECTIONS).fetchone()
                self.most = max(self.most, found[0] if found else 0)


def main() -> None:
    """Work until the end of standard input."""
    count, server, *given = sys.argv[1:]
    parameters = dict(argument.split("=", 1) for argument in given)
    clients = Clients(parameters, server, sys.stdin.readline().rstrip("\n"))
    watcher = threading.Thread(target=clients.watch)
    threads = [watcher, *(threading.Thread(target=clients.work) for _ in range(int(count)))]
    for thread in threads:
        thread.start()
    print("started", flush=True)
    for line in sys.stdin:
        clients.passwords.append(line.rstrip("\n"))
    clients.stop.set()
    for thread in threads:
        thread.join()
    answered, refused = clients.seen.pop("answered", 0), clients.seen.pop("refused", 0)
    print(json.dumps({"answered": answered, "refused": refused, "errors": clients.seen, "most": clients.most}))


if __name__ == "__main__":
    main()
