#!/bin/bash
# Fetches of large blobs over 1, 3 and 8 connections, killed again and again: each goes on where the
# last one was, and the server sends little more than there is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# 200 times in the full form.
for connections in 1 3 8; do
    count=$(by_form 4 "$((connections < 8 ? 50 : 100))")
    "$OBJ/resume-kill" KILL "$connections" "$count" "$((connections + ${RESUME_SEED:-1}))"
done
