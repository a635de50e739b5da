"""PostgreSQL's own client library, where the machine has it: how it reads a connection string."""

import ctypes
import ctypes.util


class _Option(ctypes.Structure):
    """`PQconninfoOption` (libpq-fe.h)."""

    _fields_ = [
        ("keyword", ctypes.c_char_p),
        ("envvar", ctypes.c_char_p),
        ("compiled", ctypes.c_char_p),
        ("val", ctypes.c_char_p),
        ("label", ctypes.c_char_p),
        ("dispchar", ctypes.c_char_p),
        ("dispsize", ctypes.c_int),
    ]


LIBRARY = ctypes.util.find_library("pq")
"""Its file name, or None."""


def read(connection_string: str) -> dict[str, str]:
    """Parameters that a connection string sets.

    Raises:
        ValueError: libpq refuses the string; its words.
    """
    library = ctypes.CDLL(LIBRARY)
    library.PQconninfoParse.restype = ctypes.POINTER(_Option)
    message = ctypes.c_char_p()
    options = library.PQconninfoParse(connection_string.encode(), ctypes.byref(message))
    if not options:
        raise ValueError((message.value or b"out of memory").decode())
    found: dict[str, str] = {}
    for option in options:
        if option.keyword is None:
            break
        if option.val is not None:
            found[option.keyword.decode()] = option.val.decode()
    library.PQconninfoFree(options)
    return found
