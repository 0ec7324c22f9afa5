"""Says what a code in EMV's form says, and whether it is genuine, from its text and the JWKS alone.

    python emv_form.py JWKS_FILE < TEXTS       one text a line

A published parser (cemacqr) takes the text apart and holds it to EMV's own rules; cryptography checks
the signature over the objects as they stand. Prints one JSON object a line: {"violations", "accounts",
"name", "language", "amount", "currency", "country", "kind", "origin", "kid"} or {"error"}.
"""

import base64
import json
import sys

from cemacqr import EMVCO, QrSyntaxError, parse_payload, validate
from cryptography.exceptions import InvalidSignature

from verify_code import KINDS, key_of


def check(text, jwks):
    code = parse_payload(text)
    guid, run, origin = own(code)
    body = base64.b32decode(run + "=" * (-len(run) % 8))
    kid, key = key_of(jwks, body[1:5])
    halves, places = signature(code, guid)
    objects = [item for item in code.objects if item.tag != "63" and item.tag not in places]
    message = b"\0".join([b"tongma-emv-v1", origin.encode(), "".join(places).encode(), b""])
    message += "".join(item.as_text() for item in objects).encode()
    try:
        key.verify(base64.urlsafe_b64decode(halves + "=" * (-len(halves) % 4)), message)
    except InvalidSignature:
        raise ValueError("the signature does not verify") from None
    return {
        "violations": [str(violation) for violation in validate(code, EMVCO).violations],
        "accounts": {
            tag: inside or code.get(tag)
            for tag, inside in code.merchant_accounts.items()
            if inside.get("00") != guid
        },
        "name": code.merchant_name,
        "language": code.template("64"),
        "amount": code.amount,
        "currency": code.currency,
        "country": code.country_code,
        "kind": KINDS[body[0] & 0b0111],
        "origin": origin,
        "kid": kid,
    }


def own(code):
    """The account that holds a run: its identifier is the issuing server's host, read backwards."""
    for inside in code.merchant_accounts.values():
        if "00" in inside and "01" in inside:
            host = ".".join(reversed(inside["00"].split(".")))
            origin = inside.get("02", f"https://{host}")
            named = origin.split("://")[-1].split(":")[0]
            if named == host and not set(inside["01"]) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
                return inside["00"], inside["01"], origin
    raise ValueError("no account holds a run")


def signature(code, guid):
    found = {}
    for item in code.objects:
        if 80 <= int(item.tag) <= 99:
            inside = {child.tag: child.value for child in item.children()}
            if inside.get("00") == guid:
                half = (set(inside) - {"00"}).pop()
                found[half] = (inside[half], item.tag)
    (first, one), (second, other) = found["01"], found["02"]
    return first + second, [one, other]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jwks = json.load(file)
    for line in sys.stdin:
        try:
            answer = check(line.rstrip("\n"), jwks)
        except (ValueError, KeyError, QrSyntaxError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
