#!/usr/bin/env bash
# Signs one request of a payment institution with openssl and sends it with curl: HTTP message
# signatures (RFC 9421) with Ed25519.
#
#   sign.sh METHOD URL [BODY [CONTENT_TYPE]]
#
# TONGMA_KEY_FILE  an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519 -out key.pem)
# TONGMA_KEY_ID    what its public half is registered as
set -euo pipefail

method=$1 url=$2 body=${3-} media=${4-application/json}
rest=${url#*://}
authority=$(printf %s "${rest%%/*}" | tr '[:upper:]' '[:lower:]')
target=/${rest#*/}
path=${target%%\?*}
query=${target#"$path"}

base64_line() { base64 | tr -d '\n'; }

# A nonce counts once, for calls that change something; resolve and queries may be sent again.
nonce=$(openssl rand -hex 16)
components='"@method" "@authority" "@path" "@query"'
base="\"@method\": $method
\"@authority\": $authority
\"@path\": $path
\"@query\": ${query:-?}"
headers=()
if [ -n "$body" ]; then
    digest="sha-256=:$(printf %s "$body" | openssl dgst -sha256 -binary | base64_line):"
    components="$components \"content-digest\" \"content-type\""
    base="$base
\"content-digest\": $digest
\"content-type\": $media"
    headers=(-H "Content-Digest: $digest" -H "Content-Type: $media" --data-binary "$body")
fi
parameters="($components);created=$(date +%s);nonce=\"$nonce\";keyid=\"$TONGMA_KEY_ID\";tag=\"tongma-wallet\""
base="$base
\"@signature-params\": $parameters"

# openssl signs Ed25519 from a file only, because it reads the message twice.
message=$(mktemp)
trap 'rm -f "$message"' EXIT
printf %s "$base" >"$message"
signature=$(openssl pkeyutl -sign -rawin -inkey "$TONGMA_KEY_FILE" -in "$message" | base64_line)

curl --silent --show-error --request "$method" "$url" "${headers[@]}" \
    -H "Signature-Input: wallet=$parameters" -H "Signature: wallet=:$signature:"
