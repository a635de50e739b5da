"""Record the settings of PostgreSQL 17: `python -m tests.scripts.record_settings`.

The table is `components/forms/postgresql_settings.tsv`; `test_settings_table.py` compares it with a real server.
"""

import sys

from components.forms.postgresql_settings import TABLE
from tests.support.postgres import DatabaseServer, unpacked_image

# Extensions that both clouds load at the server's start, with settings of their own.
LIBRARIES = "auto_explain,pg_stat_statements"
# Parameters of the context `internal` cannot be set.
QUERY = """
SELECT concat_ws(E'\\t', name, vartype, coalesce(unit, '-'), context)
FROM pg_settings WHERE context <> 'internal' ORDER BY name COLLATE "C"
"""


def recorded(server: DatabaseServer) -> str:
    """The table of a server that runs with `LIBRARIES`: name, type, unit (`-` for none) and context of each setting."""
    return f"{server.psql(QUERY)}\n"


def main() -> int:
    """Write the file and name it."""
    with unpacked_image() as root:
        server = DatabaseServer.on_free_port(root, "recorded")
        server.prepare("secret")
        server.start(shared_preload_libraries=LIBRARIES)
        try:
            TABLE.write_text(recorded(server))
        finally:
            server.stop()
    print(f"{TABLE} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
