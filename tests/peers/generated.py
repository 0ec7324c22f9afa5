"""Calls the server with a client that openapi-generator made from its document.

    python generated.py URL API_KEY STORE
"""

import importlib
import pkgutil
import sys
import uuid

import openapi_client


def main():
    url, key, store = sys.argv[1:]
    for module in pkgutil.walk_packages(openapi_client.__path__, "openapi_client."):
        importlib.import_module(module.name)
    configuration = openapi_client.Configuration(host=url, access_token=key)
    with openapi_client.ApiClient(configuration) as client:
        payments = openapi_client.PaymentsApi(client)
        asked = openapi_client.NewPaymentBody(amount_minor=1250, currency="CNY", store=store)
        name = str(uuid.uuid4())
        made = payments.create_payment(name, asked)
        assert payments.create_payment(name, asked).id == made.id, "one request, one effect"
        assert payments.get_payment(made.id).amount_minor == 1250
        assert made.id in [payment.id for payment in payments.list_payments(limit=5).data]
        assert payments.cancel_payment(made.id).state == "closed"
        try:
            payments.get_payment("pay_" + "0" * 26)
        except openapi_client.exceptions.NotFoundException as refused:
            assert "payment-not-found" in refused.body, refused.body
        else:
            raise AssertionError("a payment that does not exist was found")
    print(f"{made.id}: created, found, listed, cancelled")


if __name__ == "__main__":
    main()
