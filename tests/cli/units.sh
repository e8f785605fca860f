#!/bin/bash
# Times on the command line: which are understood, and that they are what they say.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

for time in 1 30 0.5 1.5s 500ms 30s 2m 1.5h 0.2ms 8784h; do
    run fetch --stall-timeout "$time"
    expect_status 2
    expect_text err "no reference given"
done
for time in 0 0s "" s -1 +1 1d 1S "1 s" 1s30 .5 1. 1e3 0x10 8785h 99999999999999999999 nan inf; do
    run fetch --stall-timeout "$time" x
    expect_status 2
    expect_text err "--stall-timeout '$time': "
done
# Only for the whole run does zero have a meaning: no limit.
run fetch --timeout 0
expect_text err "no reference given"
run fetch --connect-timeout 0 x
expect_text err "must be more than zero"

start_registry --generate slow:1=1M --rule 'path=/blobs/ cut=stall at=1000'
began=$(date +%s%N)
run fetch -q --plain-http --timeout 700ms --stall-timeout 1h "$registry/slow:1"
took_ms=$((($(date +%s%N) - began) / 1000000))
expect_status 10
expect_empty out
expect_lines err 1
if [ "$took_ms" -lt 650 ] || [ "$took_ms" -ge 30000 ]; then
    fail "700ms took $took_ms ms"
fi
