#!/bin/bash
# prune beside fetches, imports and verifications, all killed and started again at random: none
# misses anything, and what nothing names goes.
# shellcheck source-path=SCRIPTDIR source=../resume/lib.sh
. "$(dirname "$0")/../resume/lib.sh"

for seed in $(by_form "${RESUME_SEED:-1}" "1 2 3"); do
    "$OBJ/resume-prune" "$(by_form 4 60)" "$seed"
done
