#!/bin/bash
# The power fails after any step of a fetch, of rm and prune: what was not synced may be lost, in
# whole or in part.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

"$OBJ/resume-replay" "$(by_form 12 0)" "${RESUME_SEED:-1}"
"$OBJ/resume-replay" "$(by_form 12 0)" "${RESUME_SEED:-1}" prune
"$OBJ/resume-replay" "$(by_form 12 0)" "${RESUME_SEED:-1}" many
