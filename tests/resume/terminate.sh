#!/bin/bash
# The same with SIGTERM, which lets the program write what it holds.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

for connections in 1 3 8; do
    "$OBJ/resume-kill" TERM "$connections" "$(by_form 2 20)" "$((connections + ${RESUME_SEED:-1}))"
done
