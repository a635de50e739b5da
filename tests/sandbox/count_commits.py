"""A client that inserts rows, one a transaction, and prints number and time of each once its commit was acknowledged.
Also `connected` and the time of each connection, and `failed`, the time and the message of each error.

Run by path in the sandbox's network: count_commits.py NAME=VALUE…, parameters of libpq such as host, dbname, sslmode;
the password on standard input. Several connections write side by side; one that breaks is opened again. Times are
seconds of the machine's monotonic clock. Ends when its standard input is closed.
"""

import itertools
import sys
import threading
import time

import psycopg

CONNECTIONS = 4


def write(worker: int, parameters: dict[str, str], stop: threading.Event, output: threading.Lock) -> None:
    """Insert rows until told to stop."""
    numbers = itertools.count(worker, CONNECTIONS)
    while not stop.is_set():
        try:
            with psycopg.connect(autocommit=True, **parameters) as connection:
                with output:
                    print("connected", time.monotonic(), flush=True)
                while not stop.is_set():
                    number = next(numbers)
                    connection.execute("INSERT INTO commits (number) VALUES (%s)", (number,))
                    with output:
                        print(number, time.monotonic(), flush=True)
        except psycopg.Error as error:  # also of a server that is read-only, because another one is the primary now
            with output:
                print("failed", time.monotonic(), *str(error).split(), flush=True)
            stop.wait(0.2)


def main() -> None:
    """Write until the end of standard input."""
    password = sys.stdin.readline().rstrip("\n")
    parameters = {"connect_timeout": "3", "tcp_user_timeout": "5000", "password": password}
    parameters |= dict(argument.split("=", 1) for argument in sys.argv[1:])
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
