#!/usr/bin/env bash
# Follows a merchant's events, one line each, and goes on behind the last one where a connection ends.
#
#   follow_feed.sh [LAST_EVENT_ID [SECONDS]]      from the beginning and for ever unless told
#
# TONGMA      this server's address
# TONGMA_KEY  an API key with feed:read
set -euo pipefail

last=${1:-0} until=$((SECONDS + ${2:-1000000000}))

while [ "$SECONDS" -lt "$until" ]; do
    while IFS= read -r line; do
        case $line in
        "id: "*) id=${line#id: } ;;
        "event: "*) event=${line#event: } ;;
        "data: "*) data=${line#data: } ;;
        "")
            # An empty line ends an event; what else comes are signs of life.
            if [ -n "${id-}" ]; then
                printf '%s %s %s\n' "$id" "$event" "$data"
                last=$id
                unset id
            fi
            ;;
        esac
    done < <(curl --silent --no-buffer --max-time "$((until - SECONDS))" "$TONGMA/v1/feed" \
        -H "Authorization: Bearer $TONGMA_KEY" -H "Last-Event-ID: $last" | tr -d '\r')
    sleep 1
done
