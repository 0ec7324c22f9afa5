"""Says whether a printed code is genuine, from its text and the JWKS alone.

    python verify_code.py JWKS_FILE < TEXTS       one text a line

Reads the bytes as the specification has them, with base64 and cryptography, and prints one JSON
object a line: {"kind", "origin", "id", "kid", "amount_minor"?, "currency_number"?} or {"error"}.
"""

import base64
import hashlib
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KINDS = {0: "static", 1: "fixed", 2: "order", 3: "plate"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def check(text, jwks):
    found = re.fullmatch(r"(https?)://([^/?#@\\]+)/Q/([A-Z2-7]+)", text, re.IGNORECASE)
    if not found:
        raise ValueError("not the address of a code")
    scheme, host, run = found.groups()
    if set(run) - set(ALPHABET):
        raise ValueError("the run is upper case only")
    data = base64.b32decode(run + "=" * (-len(run) % 8))
    if base64.b32encode(data).decode().rstrip("=") != run:
        raise ValueError("spare bits are not zero")
    if data[0] >> 4 != 1:
        raise ValueError(f"format {data[0] >> 4} is not known")
    if data[0] & 0b1000:
        raise ValueError("a compact code has no signature")
    kind = KINDS.get(data[0] & 0b0111)
    if kind is None:
        raise ValueError("a kind that does not exist")
    body, signature = data[:-64], data[-64:]
    if len(body) != 1 + 4 + 16 + (10 if kind == "fixed" else 0):
        raise ValueError(f"{len(data)} bytes do not make a {kind} code")
    kid, key = key_of(jwks, body[1:5])
    origin = f"{scheme}://{host}".lower()
    message = b"tongma-code-v1\0" + origin.encode() + b"\0" + body
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise ValueError("the signature does not verify") from None
    says = {"kind": kind, "origin": origin, "id": body[5:21].hex(), "kid": kid}
    if kind == "fixed":
        says["amount_minor"] = int.from_bytes(body[21:29], "big")
        says["currency_number"] = int.from_bytes(body[29:31], "big")
    return says


def key_of(jwks, short):
    """The key whose RFC 7638 thumbprint, computed here, begins with these four bytes."""
    for key in jwks["keys"]:
        canonical = json.dumps(
            {"crv": key["crv"], "kty": key["kty"], "x": key["x"]}, separators=(",", ":")
        )
        thumbprint = hashlib.sha256(canonical.encode()).digest()
        kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
        if thumbprint[:4] == short and key.get("tongma_use", "code") == "code":
            if kid != key["kid"]:
                raise ValueError(f"kid is {key['kid']}, the thumbprint {kid}")
            raw = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
            return kid, Ed25519PublicKey.from_public_bytes(raw)
    raise ValueError("signed by a key that the JWKS does not list")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jwks = json.load(file)
    for line in sys.stdin:
        try:
            answer = check(line.rstrip("\n"), jwks)
        except ValueError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
