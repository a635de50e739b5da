"""The verifier of RFC 7677's example, of which a server makes the signature that the RFC shows."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest

from components.postgres.scram import verifier

# RFC 7677, section 3: the exchange of user `user` with password `pencil`.
SALT = "W22ZaJ0SNY7soEsUEjb6gQ=="
FIRST = "n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
EXCHANGE = f"{FIRST},r={NONCE},s={SALT},i=4096,c=biws,r={NONCE}"
PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_it_is_the_one_of_the_rfcs_example() -> None:
    kind, cost, keys = verifier("pencil", b64decode(SALT), 4096).split("$")
    assert (kind, cost) == ("SCRAM-SHA-256", f"4096:{SALT}")
    stored, server = (b64decode(key) for key in keys.split(":"))
    assert b64encode(hmac.digest(server, EXCHANGE.encode(), "sha256")).decode() == SIGNATURE
    # What a server does with the client's proof (RFC 5802, section 3).
    signature = hmac.digest(stored, EXCHANGE.encode(), "sha256")
    client = bytes(a ^ b for a, b in zip(b64decode(PROOF), signature, strict=True))
    assert hashlib.sha256(client).digest() == stored


@pytest.mark.parametrize("password", ["pässword", "two\nlines"])
def test_passwords_that_would_need_saslprep_are_not_taken(password: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        verifier(password, b"salt", 1)
