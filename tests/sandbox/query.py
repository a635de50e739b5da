"""A client for one query. Run by path in the sandbox's network: query.py PARAMETERS SQL, parameters in libpq's form,
the password on standard input. Prints the first value, or on standard error what the server or libpq said.
"""

import sys

import psycopg


def main() -> None:
    """Connect, ask, print."""
    parameters, sql = sys.argv[1:]
    try:
        with psycopg.connect(parameters, password=sys.stdin.read(), connect_timeout=10) as connection:
            found = connection.execute(sql.encode()).fetchone()
            print({True: "t", False: "f"}.get(found[0], found[0]) if found else "")
    except psycopg.Error as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
