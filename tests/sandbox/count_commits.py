"""A client that inserts rows, one a transaction, and prints the number of each once its commit was acknowledged.

Run by path in the sandbox's network: count_commits.py HOST PORT DATABASE USER, the password on standard input. Several
connections write side by side; one that breaks is opened again. Ends when its standard input is closed.
"""

import itertools
import sys
import threading

import psycopg

CONNECTIONS = 4


def write(worker: int, parameters: dict[str, str], stop: threading.Event, output: threading.Lock) -> None:
    """Insert rows until told to stop."""
    numbers = itertools.count(worker, CONNECTIONS)
    while not stop.is_set():
        try:
            with psycopg.connect(autocommit=True, **parameters) as connection:
                while not stop.is_set():
                    number = next(numbers)
                    connection.execute("INSERT INTO commits (number) VALUES (%s)", (number,))
                    with output:
                        print(number, flush=True)
        except psycopg.OperationalError:
            stop.wait(0.2)


def main() -> None:
    """Write until the end of standard input."""
    host, port, database, user = sys.argv[1:]
    password = sys.stdin.readline().rstrip("\n")
    parameters = {"host": host, "port": port, "dbname": database, "user": user, "password": password}
    parameters |= {"connect_timeout": "3", "tcp_user_timeout": "5000"}
    stop, output = threading.Event(), threading.Lock()
    workers = [threading.Thread(target=write, args=(n, parameters, stop, output)) for n in range(CONNECTIONS)]
    for worker in workers:
        worker.start()
    sys.stdin.read()
    stop.set()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
