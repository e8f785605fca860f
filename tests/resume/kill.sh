#!/bin/bash
# Fetches of large blobs over 1, 3 and 8 connections, killed again and again: each goes on where the
# last one was, and the server sends little more than there is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

for connections in 1 3 8; do
    "$OBJ/resume-kill" KILL "$connections" "$(by_form 4 200)" "$((connections + ${RESUME_SEED:-1}))"
done
