"""Keys, signed requests and signed statements, by other people's libraries.

Nothing of tongma is used here: RFC 9421 comes from http-message-signatures, JWS from joserfc, keys
from cryptography. What these libraries refuse, tongma got wrong.
"""

import base64
import datetime
import http.client
import json
import secrets
import sys
import traceback
import urllib.parse

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)
from joserfc import jws
from joserfc.jwk import OKPKey

TAG = "tongma-wallet"
TIMEOUT_SECONDS = 20
COVERED = ("@method", "@authority", "@path", "@query")
COVERED_WITH_BODY = (*COVERED, "content-digest", "content-type")


class Identity:
    """An Ed25519 key pair and its name; requests are signed with a shared secret where there is one."""

    secret = None

    def __init__(self, seed=None, keyid=None):
        secret = bytes.fromhex(seed) if seed else secrets.token_bytes(32)
        self.private = Ed25519PrivateKey.from_private_bytes(secret)
        self.jwk = OKPKey.import_key(self.private)
        self.kid = self.jwk.thumbprint()
        self.keyid = keyid or self.kid

    def request_key(self):
        """With what, and how, requests are signed."""
        if self.secret is not None:
            return self.secret, algorithms.HMAC_SHA256
        return self.private, algorithms.ED25519

    def public_jwk(self):
        return {**self.jwk.as_dict(private=False), "kid": self.kid, "alg": "Ed25519", "use": "sig"}


class Message:
    """A request as http-message-signatures wants to see it."""

    def __init__(self, method, url, headers):
        self.method, self.url, self.headers = method, url, headers


def sign_request(identity, method, url, headers, body, *, created=None, created_offset=0,
                 nonce=None, tag=TAG, components=None, name_algorithm=False, keyid=None):
    """Adds Content-Digest, Signature-Input and Signature to `headers`."""
    key, algorithm = identity.request_key()
    signer = HTTPMessageSigner(
        signature_algorithm=algorithm,
        key_resolver=MappingKeyResolver(
            public_keys={}, private_keys={keyid or identity.keyid: key}
        ),
    )
    if components is None:
        components = (*COVERED, "content-type") if body else COVERED
    at = created if created is not None else datetime.datetime.now().timestamp()
    signer.sign(
        Message(method, url, headers),
        key_id=keyid or identity.keyid,
        created=datetime.datetime.fromtimestamp(int(at) + created_offset, datetime.timezone.utc),
        nonce=nonce or secrets.token_urlsafe(18),
        tag=tag,
        label="wallet",
        include_alg=name_algorithm,
        covered_component_ids=tuple(components),
        body=body or None,
    )


def verify_request(jwks, method, url, headers, body, check_time=True):
    """What a signature covers, once it verifies by a key of the list; raises otherwise."""
    keys = {key["kid"]: public_key(key) for key in jwks["keys"]}
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys=keys, private_keys={}),
    )
    results = verifier.verify(
        Message(method, url, headers),
        max_age=datetime.timedelta(minutes=5) if check_time else None,
        expect_tag=TAG,
        require_components=COVERED_WITH_BODY if body else COVERED,
        body=body or None,
    )
    [result] = results
    use = next(key for key in jwks["keys"] if key["kid"] == result.parameters["keyid"])
    return {"parameters": dict(result.parameters), "tongma_use": use.get("tongma_use")}


def public_key(jwk):
    return Ed25519PublicKey.from_public_bytes(unbase64(jwk["x"]))


def make_jws(identity, typ, claims, header=None):
    kid = identity.kid if identity.secret is not None else identity.keyid
    head = {"alg": "Ed25519", "kid": kid, "typ": typ, **(header or {})}
    algorithm = [head["alg"]]
    return jws.serialize_compact(head, json.dumps(claims).encode(), identity.jwk, algorithm)


def read_jws(jwks, text, typ):
    """The claims of a statement of one kind, checked by the key that its header names."""
    head = json.loads(unbase64(text.split(".")[0]))
    keys = [key for key in jwks["keys"] if key["kid"] == head["kid"]]
    if not keys:
        raise ValueError(f"the JWKS has no key {head['kid']}")
    if head.get("typ") != typ:
        raise ValueError(f"typ is {head.get('typ')}, not {typ}")
    # Named uses keep a receipt from passing for a code, and the reverse.
    signed = jws.deserialize_compact(text, OKPKey.import_key(keys[0]), ["Ed25519"])
    return {"claims": json.loads(signed.payload), "tongma_use": keys[0].get("tongma_use")}


def fetch(method, url, headers, body):
    """One HTTP exchange; nothing is followed, nothing is added but Host and Content-Length."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        reply = connection.getresponse()
        data = reply.read().decode("utf-8", "replace")
        answer_headers = {name.lower(): value for name, value in reply.getheaders()}
    finally:
        connection.close()
    return {"status": reply.status, "headers": answer_headers, "text": data, "json": as_json(data)}


def as_json(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def answer_lines(handlers):
    """Reads one JSON object a line, `{"do": NAME, ...}`, and answers each with one line."""
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = {"ok": handlers[ask.pop("do")](**ask)}
        except Exception as error:  # whatever it was, the test that asked has to hear it
            said = f"{type(error).__name__}: {error}"
            answer = {"error": said, "trace": traceback.format_exc()}
        print(json.dumps(answer, ensure_ascii=False), flush=True)
