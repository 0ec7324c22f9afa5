"""What schemathesis is told about this API: how to sign, which names exist, and which refusals of a
well-formed request are right, each with its reason. Loaded by contract.py."""

import atexit
import base64
import collections
import itertools
import json
import os
import secrets
import time
import urllib.parse

import requests.auth
import schemathesis

import wire

with open(os.environ["CONTRACT_GROUND"], encoding="utf-8") as file:
    GROUND = json.load(file)
WALLETS = {name: wire.Identity(seed) for name, seed in GROUND["wallets"].items()}
# Whoever holds the account asks about orders; whoever has the payer does the rest.
PAYER, PAYEE = GROUND["payer"], GROUND["payee"]

# Refusals of a malformed request. Where one is the right answer to what fits the schema, it stands
# below with the reason; a status that means something else (404, 409, 410, 429) needs none.
MALFORMED = {
    "json-invalid", "json-duplicate-key", "field-invalid", "field-missing", "field-unknown",
    "text-invalid", "amount-invalid", "currency-invalid", "number-invalid", "query-invalid",
    "header-invalid", "cursor-invalid", "idempotency-key-missing", "idempotency-key-invalid",
    "media-type", "body-too-large", "lifetime-invalid", "bad-request", "malformed",
    "nonce-syntax", "digest-algorithm",
}
EVERYWHERE = {
    "text-invalid": "U+0000 and characters that nobody can see: no pattern says so in every dialect",
    "currency-invalid": "three capital letters that are no currency; ISO adds and removes some",
    "cursor-invalid": "a cursor is sealed: no schema tells a good one",
    "amount-invalid": "`1.0` is an integer to JSON Schema but not here, where money is no float",
}
RIGHT_ALL_THE_SAME = {
    "createPayment": {"field-invalid": "`1.0` seconds"},
    "issueCode": {
        "field-missing": "a fixed code needs its amount",
        "field-invalid": "a static code has none, and order codes come with payments",
    },
    "verifyReceipt": {"field-invalid": "either the receipt or its number; and which store"},
    "startAttempt": {"field-invalid": "a reference has a character that does not print"},
    "confirmOrder": {"malformed": "no schema tells a signed statement from another text"},
    "adoptCode": {
        "field-invalid": "beside a text the place stands in the body, not in the address",
        "media-type": "an octet stream that is no picture",
        "field-missing": "beside a picture the store stands in the address, which a text needs not",
    },
    "createPlateBatch": {"field-invalid": "`2.0` plates"},
    "bindPlate": {
        "field-missing": "neither the plate's text nor its short id",
        "field-invalid": "both of them; or the code of another sign",
    },
    "dryRun": {"field-invalid": "both the code and its text", "field-missing": "neither of them"},
    "decode": {"media-type": "an octet stream that is no picture"},
    "printCode": {"query-invalid": "measures that do not go together: copies without a sheet"},
    "printPlates": {"query-invalid": "too few dots an inch for a module, or too many for a part"},
    "printCodeWithLogo": {"query-invalid": "the same, and a logo needs level Q or H"},
}

SEEN = {"calls": collections.Counter(), "statuses": collections.Counter(), "codes": {}}
EVERY_OTHER = collections.defaultdict(lambda: itertools.cycle([True, False]))


class Signed(requests.auth.AuthBase):
    """Signs what goes over the wire, as tests/peers/wallet.py does."""

    def __call__(self, request):
        path = urllib.parse.urlsplit(request.url).path
        who = WALLETS[PAYEE if path.startswith("/wallet/v1/orders") else PAYER]
        body = request.body.encode() if isinstance(request.body, str) else request.body
        # Signed again where a failure is written down.
        for name in ("Content-Digest", "Signature-Input", "Signature"):
            request.headers.pop(name, None)
        # Without a Content-Type there is nothing to cover; the server says what is missing.
        named = "Content-Type" in request.headers
        wire.sign_request(who, request.method, request.url, request.headers, body,
                          components=wire.COVERED if body and not named else None)
        return request


class Bearer(requests.auth.AuthBase):
    """Brings the merchant's API key."""

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {GROUND['token']}"
        return request


schemathesis.auth.set_from_requests(Signed()).apply_to(tag="wallet")
schemathesis.auth.set_from_requests(Bearer()).skip_for(tag=["wallet", "about"])


@schemathesis.serializer("application/jose")
def as_it_stands(context, value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.deserializer("image/png")
def picture(context, response):
    if not response.content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("no PNG")
    return "a picture"


@schemathesis.deserializer("application/pdf")
def pages(context, response):
    if not response.content.startswith(b"%PDF-1.") or b"%%EOF" not in response.content[-16:]:
        raise ValueError("no PDF")
    return "pages"


@schemathesis.deserializer("text/html")
def page(context, response):
    if not response.text.startswith("<!DOCTYPE html>"):
        raise ValueError("no page")
    return response.text


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every other time names that exist, where generated ones name nothing; and a key of its own for
    each request, because a generator likes to say `0` again and again."""
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(12)
    if name_of(case) == "createPlateBatch" and isinstance(case.body, dict):
        # The bound is tried elsewhere; how long a machine that does much else takes says nothing.
        count = case.body.get("count")
        if isinstance(count, int):
            case.body["count"] = min(count, 1000)
    if not next(EVERY_OTHER[name_of(case)]):
        return
    known = GROUND["known"].get(name_of(case), {})
    for name, value in known.get("path", {}).items():
        case.path_parameters[name] = value
    if "query" in known:
        case.query = dict(known["query"])
    if "file" in known:
        # In place of the generated text; as a case's own body, bytes would fit no schema.
        kwargs["data"], case.media_type = base64.b64decode(known["file"]), "image/png"
    if isinstance(case.body, dict):
        case.body.update(known.get("body", {}))
        for name in known.get("without", []):
            case.body.pop(name, None)
        if "payer_reference" in case.body and name_of(case) == "startAttempt":
            case.body["payer_reference"] = secrets.token_hex(12)
    elif name_of(case) == "confirmOrder":
        case.body = statement()


def statement():
    """What the payee's institution says of the order that stands ready."""
    now = int(time.time())
    facts = {"aud": GROUND["url"], "iss": PAYEE, "iat": now, "exp": now + 300,
             "jti": secrets.token_hex(16), **GROUND["paid"]}
    return wire.make_jws(WALLETS[PAYEE], "tongma-result+jwt", facts)


def name_of(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.hook
def after_call(context, case, response):
    SEEN["calls"][name_of(case)] += 1
    SEEN["statuses"][f"{name_of(case)} {response.status_code}"] += 1


@schemathesis.check
def refusals_are_listed(ctx, response, case):
    """A refusal is a problem whose `code` the operation lists under the answer's status."""
    if response.status_code < 400 or case.method.lower() != case.operation.method.lower():
        return
    told = response.json()
    answers = case.operation.definition.raw["responses"]
    listed = answers.get(str(response.status_code), {}).get("x-problems", [])
    listed = [*listed, *GROUND["anywhere"]]
    code = told["code"]
    SEEN["codes"].setdefault(name_of(case), collections.Counter())[code] += 1
    assert told["status"] == response.status_code, told
    assert code in listed, f"{code} is not listed under {response.status_code}"
    if case.meta is None or case.meta.generation.mode.is_negative or code not in MALFORMED:
        return
    right = {**EVERYWHERE, **RIGHT_ALL_THE_SAME.get(name_of(case), {})}
    assert code in right, f"{code}, although the request fits the schema"


@atexit.register
def write():
    with open(os.environ["CONTRACT_SEEN"], "w", encoding="utf-8") as seen:
        json.dump(SEEN, seen)
