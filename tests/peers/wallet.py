"""A payment institution that somebody else wrote: payer and payee, over HTTP only.

Driven by JSON lines (`python wallet.py`): first `open`, then any of the methods below without an
underscore, each with its arguments by name. See tests/it/support/peer.rs.
"""

import base64
import datetime
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import wire

RESOLUTION = "tongma-resolution+jwt"
RESULT = "tongma-result+jwt"
RECEIPT = "tongma-receipt+jwt"


class Wallet:
    """One institution; its state is what a test told it and what tongma sent."""

    def open(self, institution, tongma="", origin=None, seed=None, keyid=None, check_time=True):
        """Takes a name and a key, and starts to listen. `tongma` is where to connect, `origin` what
        tongma calls itself where that differs."""
        self.institution = institution
        self.tongma = tongma.rstrip("/")
        self.origin = (origin or tongma).rstrip("/")
        self.identity = wire.Identity(seed, keyid)
        self.check_time = check_time
        self.orders_by_number = {}
        self.refused = []
        self.seen_nonces = set()
        self.mode = "normal"
        self.handover = None
        self.jwks = None
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return {
            "base_url": f"http://127.0.0.1:{self.server.server_port}",
            "kid": self.identity.kid,
            "jwk": self.identity.public_jwk(),
        }

    def connect(self, tongma, origin=None, keyid=None):
        """Where tongma is, and how it calls our key, once that is known."""
        self.tongma = tongma.rstrip("/")
        self.origin = (origin or tongma).rstrip("/")
        self.identity.keyid = keyid or self.identity.keyid
        return True

    def share(self, secret, keyid):
        """From now on requests are signed with HMAC-SHA256 under this secret (base64), statements
        still with our own key."""
        self.identity.secret = base64.b64decode(secret)
        self.identity.keyid = keyid
        return True

    # --- as the payer's institution --------------------------------------------------------------

    def resolve(self, text, **how):
        """Asks who is paid; the answer counts only with tongma's signature for us and this text."""
        reply = self.send("POST", "/wallet/v1/resolve", {"text": text}, **how)
        if reply["status"] == 200:
            reply["resolution"] = self._read(reply["text"], RESOLUTION)
            claims = reply["resolution"]["claims"]
            self._expect(claims["aud"], self.institution, "aud")
            self._expect(claims["iss"], self.origin, "iss")
            if claims["exp"] - claims["iat"] > 60:
                raise ValueError("a resolution must not live longer than 60 seconds")
        return reply

    def start(self, text, amount_minor, currency="CNY", payer_reference=None, payment=None,
              payer_ref=None, **how):
        facts = {
            "text": text,
            "amount_minor": amount_minor,
            "currency": currency,
            "payer_reference": payer_reference or secrets.token_hex(12),
        }
        if payment is not None:
            facts["payment"] = payment
        if payer_ref is not None:
            facts["payer_ref"] = payer_ref
        return self.send("POST", "/wallet/v1/attempts", facts, **how)

    def report(self, attempt, payer_reference, status="paid", **how):
        facts = {"status": status, "payer_reference": payer_reference}
        return self.send("POST", f"/wallet/v1/attempts/{attempt}/report", facts, **how)

    def attempt(self, attempt, **how):
        """The state of an attempt of ours; a receipt is checked before it is shown."""
        reply = self.send("GET", f"/wallet/v1/attempts/{attempt}", **how)
        receipt = (reply["json"] or {}).get("receipt")
        if receipt:
            reply["receipt"] = self.read_receipt(receipt)
        return reply

    def read_receipt(self, text):
        """Checks a receipt as anyone can, from the JWKS alone."""
        receipt = self._read(text, RECEIPT)
        self._expect(receipt["claims"]["iss"], self.origin, "iss")
        self._expect(receipt["claims"]["exp"] - receipt["claims"]["iat"], 600, "lifetime")
        return receipt

    # --- as the payee's institution --------------------------------------------------------------

    def confirm(self, order_number, how=None, **facts):
        """Attests what became of an order, by `POST /wallet/v1/orders/{n}/confirm`."""
        statement = self.result(order_number, **facts)
        path = f"/wallet/v1/orders/{order_number}/confirm"
        return self.send("POST", path, raw=statement, content_type="application/jose", **(how or {}))

    def order(self, order_number, **how):
        return self.send("GET", f"/wallet/v1/orders/{order_number}", **how)

    def result(self, order_number, status="paid", claims=None, header=None, typ=RESULT, **facts):
        """A signed statement. What is not said is taken from the order as tongma opened it;
        `claims` and `header` overwrite, and a claim set to null is left out."""
        order = self.orders_by_number.get(order_number, {}).get("body", {})
        now = int(time.time())
        amount = facts.get("amount_minor", order.get("amount_minor"))
        says = {
            "iss": self.institution,
            "aud": self.origin,
            "iat": now,
            "exp": now + 300,
            "jti": secrets.token_hex(16),
            "order_number": order_number,
            "payment_account": facts.get("payment_account", order.get("payment_account")),
            "amount_minor": amount,
            "payer_amount_minor": facts.get("payer_amount_minor", amount),
            "discounts": facts.get("discounts", []),
            "currency": facts.get("currency", order.get("currency", "CNY")),
            "payee_reference": facts.get("payee_reference", f"ref-{order_number}"),
            "status": status,
            "paid_at": _rfc3339(now) if status == "paid" else None,
            **(claims or {}),
        }
        says = {name: value for name, value in says.items() if value is not None}
        return wire.make_jws(self.identity, typ, says, header)

    def settle(self, order_number, status="paid", **facts):
        """From now on, queries about this order are answered with this outcome."""
        with self.lock:
            order = self.orders_by_number.setdefault(order_number, {"body": {}, "closes": 0})
            order["outcome"] = {"status": status, **facts}
        return True

    def orders(self):
        """What tongma opened here, in order."""
        with self.lock:
            return [dict(order, order_number=n) for n, order in self.orders_by_number.items()]

    def refusals(self):
        """Requests whose signature did not satisfy http-message-signatures."""
        with self.lock:
            return list(self.refused)

    def behave(self, mode="normal", handover=None):
        """`normal`; `refuse` (422); `fail` (500); `hang` (no answer for 30 s); `cut` (the
        connection closes without an answer, but the order stands)."""
        self.mode, self.handover = mode, handover
        return True

    # --- anything else, also wrong on purpose ----------------------------------------------------

    def send(self, method, path, body=None, raw=None, content_type="application/json",
             headers=None, sign=None, swap_body=None, signed=True):
        """A signed request. `sign` goes to wire.sign_request, `swap_body` is sent instead of what
        was signed, `signed=False` sends it bare."""
        url = self.tongma + path
        data = raw.encode() if raw is not None else None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
        head = {"Content-Type": content_type} if data is not None else {}
        head.update(headers or {})
        if signed:
            wire.sign_request(self.identity, method, url, head, data, **(sign or {}))
        if swap_body is not None:
            data = swap_body.encode()
        return wire.fetch(method, url, head, data)

    def sign_for(self, method, url, body=None, content_type="application/json", sign=None):
        """The headers of a signed request, for whoever wants to send it."""
        head = {"Content-Type": content_type} if body is not None else {}
        data = body.encode() if body is not None else None
        wire.sign_request(self.identity, method, url, head, data, **(sign or {}))
        return head

    def check_request(self, jwks, method, url, headers, body=""):
        return wire.verify_request(jwks, method, url, headers, body.encode(), self.check_time)

    def check_jws(self, jwks, text, typ):
        return wire.read_jws(jwks, text, typ)

    def use_jwks(self, jwks):
        """Keys to trust instead of those that tongma publishes; null asks tongma again."""
        self.jwks = jwks
        return True

    # --- within ----------------------------------------------------------------------------------

    def _keys(self):
        if self.jwks is not None:
            return self.jwks
        return wire.fetch("GET", f"{self.tongma}/.well-known/jwks.json", {}, None)["json"]

    def _read(self, text, typ):
        return wire.read_jws(self._keys(), text, typ)

    @staticmethod
    def _expect(found, wanted, what):
        if found != wanted:
            raise ValueError(f"{what} is {found!r}, not {wanted!r}")

    def _serve(self, request, method):
        """Answers tongma: status, media type, bytes; None closes the connection."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        url = f"http://{request.headers['Host']}{request.path}"
        try:
            seen = wire.verify_request(
                self._keys(), method, url, dict(request.headers.items()), body, self.check_time
            )
            self._expect(seen["tongma_use"], "request", "the key's use")
            with self.lock:
                if seen["parameters"]["nonce"] in self.seen_nonces:
                    raise ValueError("nonce seen before")
                self.seen_nonces.add(seen["parameters"]["nonce"])
        except Exception as error:
            with self.lock:
                self.refused.append(f"{method} {request.path}: {type(error).__name__}: {error}")
            return _problem(401, "signature-invalid", str(error))
        if self.mode == "hang":
            time.sleep(30)
        if self.mode == "fail":
            return _problem(500, "broken", "asked to fail")
        steps = [urllib.parse.unquote(step) for step in request.path.strip("/").split("/")]
        match (method, *steps):
            case ("POST", "orders"):
                answer = self._open_order(json.loads(body))
            case ("GET", "orders", number):
                answer = self._tell(number)
            case ("POST", "orders", number, "close"):
                answer = self._close_order(number)
            case _:
                answer = _problem(404, "not-found", request.path)
        return None if self.mode == "cut" else answer

    def _open_order(self, order):
        number = order["order_number"]
        with self.lock:
            known = self.orders_by_number.setdefault(number, {"body": order, "closes": 0})
        if known["body"] != order:
            return _problem(409, "order-conflict", "other facts under this number")
        if self.mode == "refuse":
            return _problem(422, "account-closed", "this account takes no payments")
        default = {
            "kind": "clearing_reference",
            "reference": f"{self.institution}-{number}",
            "clearing": order.get("clearing", self.institution),
        }
        return _json(200, {"handover": self.handover or default})

    def _tell(self, number):
        order = self.orders_by_number.get(number)
        if order is None:
            return _problem(404, "order-not-found", number)
        if "outcome" not in order:
            return _json(200, {"status": "unknown"})
        return 200, "application/jose", self.result(number, **order["outcome"]).encode()

    def _close_order(self, number):
        with self.lock:
            order = self.orders_by_number.setdefault(number, {"body": {}, "closes": 0})
            order["closes"] += 1
            order.setdefault("outcome", {"status": "closed"})
        return self._tell(number)


def _rfc3339(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.isoformat().replace("+00:00", "Z")


def _json(status, value, media_type="application/json"):
    return status, media_type, json.dumps(value, ensure_ascii=False).encode()


def _problem(status, code, detail):
    value = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
    return _json(status, value, "application/problem+json")


def _handler_of(wallet):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, method):
            answer = wallet._serve(self, method)
            if answer is None:
                self.close_connection = True
                return
            status, media_type, data = answer
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            self._answer("GET")

        def do_POST(self):
            self._answer("POST")

        def log_message(self, *_):
            """Standard error is for failures."""

    return Handler


if __name__ == "__main__":
    WALLET = Wallet()
    PUBLIC = [name for name in dir(Wallet) if not name.startswith("_")]
    wire.answer_lines({name: getattr(WALLET, name) for name in PUBLIC})
