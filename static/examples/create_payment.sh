#!/usr/bin/env bash
# Asks for a payment with an order code of its own.
#
#   create_payment.sh AMOUNT_MINOR STORE [REFERENCE]
#
# TONGMA      this server's address
# TONGMA_KEY  an API key with payments:write
set -euo pipefail

amount=$1 store=$2 reference=${3:-order-1}

# One key for one order: sent again after a lost answer, it gets the first answer once more.
key=$(printf '%s' "$store $reference $amount" | openssl dgst -sha256 -r | cut -d' ' -f1)

curl --silent --show-error --fail-with-body "$TONGMA/v1/payments" \
    -H "Authorization: Bearer $TONGMA_KEY" \
    -H "Idempotency-Key: $key" \
    -H "Content-Type: application/json" \
    -d "{\"amount_minor\": $amount, \"currency\": \"CNY\", \"store\": \"$store\", \"reference\": \"$reference\"}"
