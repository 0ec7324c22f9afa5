"""Checks the receipt that a payer shows: its signature offline, then whether it was shown before.

    TONGMA_KEY=tm_… python verify_receipt.py TONGMA_URL JWKS_FILE RECEIPT [STORE]

Needs the package cryptography; the API key needs receipts:verify. Without a connection the signature
alone says "genuine, reuse unchecked".
"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def offline(receipt, jwks):
    """The claims of a receipt that this issuer signed and that is young enough."""
    head, claims, signature = (unbase64(part) for part in receipt.split("."))
    head, facts = json.loads(head), json.loads(claims)
    if head["typ"] != "tongma-receipt+jwt":
        raise ValueError("no receipt")
    key = next((key for key in jwks["keys"] if key["kid"] == head["kid"]), None)
    if key is None or key["tongma_use"] != "receipt":
        raise ValueError("signed by a key that is not in the list")
    public = Ed25519PublicKey.from_public_bytes(unbase64(key["x"]))
    public.verify(signature, receipt.rsplit(".", 1)[0].encode())
    if facts["exp"] < time.time():
        raise ValueError("too old")
    return facts


def online(tongma, receipt, store):
    """The verdict of the server: of all that show one receipt, the first is told `genuine`."""
    asked = {"receipt": receipt, **({"store": store} if store else {})}
    request = urllib.request.Request(
        f"{tongma}/v1/receipts/verify",
        json.dumps(asked).encode(),
        {"Authorization": f"Bearer {os.environ['TONGMA_KEY']}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["verdict"]


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main():
    tongma, jwks_file, receipt, *store = sys.argv[1:]
    with open(jwks_file, encoding="utf-8") as file:
        jwks = json.load(file)
    try:
        facts = offline(receipt, jwks)
    except (InvalidSignature, ValueError) as error:
        print(json.dumps({"verdict": "forged", "why": str(error)}))
        return 1
    try:
        verdict = online(tongma, receipt, store[0] if store else None)
    except urllib.error.HTTPError as refused:
        print(refused.read().decode())
        return 1
    except OSError:
        verdict = "genuine, reuse unchecked"
    print(json.dumps({"verdict": verdict, "amount_minor": facts["amount_minor"],
                      "number": facts["number"]}))
    return 0 if verdict.startswith("genuine") else 1


if __name__ == "__main__":
    sys.exit(main())
