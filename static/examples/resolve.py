"""Resolves a scanned code: who is paid, how much, by which route. Needs the package cryptography.

    python resolve.py TONGMA_URL KEY_FILE KEY_ID SCANNED_TEXT

KEY_FILE holds an Ed25519 private key in PEM. Signs the request by RFC 9421, and believes the answer
only under a key of the server's JWKS, for this very text.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key


def signed(key, key_id, method, url, body):
    """The headers of a signed request."""
    parts = urllib.parse.urlsplit(url)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    values = {
        "@method": method,
        "@authority": parts.netloc.lower(),
        "@path": parts.path,
        "@query": "?" + parts.query,
        "content-digest": f"sha-256=:{digest}:",
        "content-type": "application/json",
    }
    covered = " ".join(f'"{name}"' for name in values)
    parameters = (f"({covered});created={int(time.time())};nonce=\"{secrets.token_hex(16)}\""
                  f";keyid=\"{key_id}\";tag=\"tongma-wallet\"")
    lines = [f'"{name}": {value}' for name, value in values.items()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    signature = base64.b64encode(key.sign(base.encode())).decode()
    return {
        "Content-Type": values["content-type"],
        "Content-Digest": values["content-digest"],
        "Signature-Input": f"wallet={parameters}",
        "Signature": f"wallet=:{signature}:",
    }


def believed(statement, jwks, text):
    """The claims of a resolution, once its signature, kind, time and text hold."""
    head, claims, signature = (unbase64(part) for part in statement.split("."))
    head, facts = json.loads(head), json.loads(claims)
    key = next(key for key in jwks["keys"] if key["kid"] == head["kid"])
    public = Ed25519PublicKey.from_public_bytes(unbase64(key["x"]))
    public.verify(signature, statement.rsplit(".", 1)[0].encode())
    assert head["alg"] == "Ed25519" and head["typ"] == "tongma-resolution+jwt", head
    assert key["tongma_use"] == "resolution", key
    assert facts["exp"] > time.time(), "too old"
    assert facts["text_sha256"] == hashlib.sha256(text.encode()).hexdigest(), "of another text"
    return facts


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main():
    tongma, key_file, key_id, text = sys.argv[1:]
    with open(key_file, "rb") as file:
        key = load_pem_private_key(file.read(), password=None)
    url = f"{tongma}/wallet/v1/resolve"
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(url, body, signed(key, key_id, "POST", url, body))
    with urllib.request.urlopen(request) as answer:
        statement = answer.read().decode()
    with urllib.request.urlopen(f"{tongma}/.well-known/jwks.json") as answer:
        jwks = json.load(answer)
    print(json.dumps(believed(statement, jwks, text), ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
