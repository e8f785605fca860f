#!/bin/bash
# Eight workers are all told 429, Retry-After: 2: nobody asks for two seconds, then all finish.
# T-48: nonsense in Retry-After; and a limit that lasts longer than one wants to wait is exit status
# 8.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The answers wait until all eight have asked.
start_fake origin --generate test/image:1=100K:16 \
    --rule 'path=/blobs/ times=8 delay=500 status=429 add-header=Retry-After:_2'
tug_fetch --plain-http --max-concurrent-downloads 8 "${FAKE[origin]}/test/image:1"
stop_fake origin
assert_equal "requests told 429" 8 "$(count_record origin 'status=429')"
early=$(awk '/^request / {
        split($2, ms, "="); at = ms[2]
        if (/status=429/) { if (first == "") first = at; next }
        if (/blobs/ && at < first + 500 + 2000) print
    }' "${RECORD[origin]}")
assert_equal "requests in the two seconds after the first 429" "" "$early"
late=$(awk '/^request / {
        split($2, ms, "="); at = ms[2]
        if (/status=429/) {
            last = at
        } else if (/blobs/ && !done) {
            print at - last - 500
            done = 1
        }
    }' "${RECORD[origin]}")
assert_equal "waits of two seconds" 8 "$(grep -c 'retry in [12]\.[0-9] s' "$ERR")"
assert_at_most "ms from the last 429 to the next request" 20000 "$late" # on a machine that is busy
done_case "Retry-After: 2 for all workers"

for value in 999999999 -5 880.092µs soon 'Fri, 01 Jan 1999 00:00:00 GMT' 1e9 \
    18446744073709551616; do
    start_fake origin --generate test/image:1=10K:1 \
        --rule "path=/blobs/ times=1 status=429 add-header=Retry-After:_${value// /_}"
    start=$SECONDS
    rm -rf "$STORE"
    tug_run "0 8" fetch --plain-http --retry-max-wait 1s "${FAKE[origin]}/test/image:1"
    assert_at_most "seconds for Retry-After: $value" 60 $((SECONDS - start))
    stop_fake origin
    done_case "T-48: Retry-After: $value"
done

start_fake origin --generate test/image:1=10K:1 --rule "status=429 add-header=Retry-After:_3600"
tug_refuse 8 '429|limit' --plain-http --retries 2 --retry-max-wait 1s "${FAKE[origin]}/test/image:1"
stop_fake origin
limits="ratelimit-limit:_100;w=21600$(printf '\r\n')ratelimit-remaining:_0;w=21600"
start_fake origin --generate test/image:1=10K:1 --rule "status=429 add-header=$limits"
tug_refuse 8 '100' --plain-http --retries 1 --retry-max-wait 1s "${FAKE[origin]}/test/image:1"
stop_fake origin
done_case "a limit that stays"
