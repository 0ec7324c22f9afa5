"""Says whether a printed code is genuine, without asking anybody. Needs the package cryptography.

    python verify_code.py JWKS_FILE SCANNED_TEXT

JWKS_FILE is a copy of https://HOST/.well-known/jwks.json, fetched once. A signature proves who issued
the code, not whose wall it hangs on: compare the merchant's name before anybody pays.
"""

import base64
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KINDS = ["static", "fixed", "order", "plate"]
SIGNATURE_BYTES = 64


def check(text, jwks):
    address, run = text.rsplit("/Q/", 1)
    data = base64.b32decode(run + "=" * (-len(run) % 8))
    if data[0] >> 4 != 1 or data[0] & 0b1000:
        raise ValueError("no signed code of format 1")
    body, signature = data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:]
    kind = KINDS[data[0] & 0b0111]
    message = b"tongma-code-v1\0" + address.lower().encode() + b"\0" + body
    issuer(jwks, body[1:5]).verify(signature, message)
    said = {"genuine": True, "issuer": address.lower(), "kind": kind}
    if kind == "fixed":
        said["amount_minor"] = int.from_bytes(body[21:29], "big")
    return said


def issuer(jwks, short):
    """The key that the code names by the first four bytes of its thumbprint; also a retired one."""
    for key in jwks["keys"]:
        if key["tongma_use"] == "code" and unbase64(key["kid"])[:4] == short:
            return Ed25519PublicKey.from_public_bytes(unbase64(key["x"]))
    raise ValueError("signed by a key that is not in the list")


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jwks = json.load(file)
    try:
        said = check(sys.argv[2], jwks)
    except (InvalidSignature, ValueError, IndexError) as error:
        said = {"genuine": False, "why": str(error) or "the signature does not hold"}
    print(json.dumps(said))
    return 0 if said["genuine"] else 1


if __name__ == "__main__":
    sys.exit(main())
