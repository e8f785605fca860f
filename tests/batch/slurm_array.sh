#!/bin/bash
# The example for Slurm, run by a real Slurm on loopback: an array of four tasks fetches a list.
# Where munge and Slurm cannot start, it says so and nothing is tested.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
example="$(cd "$(dirname "$0")/../.." && pwd)/tools/examples/slurm-array.sbatch"
folder=$(mktemp -d /tmp/tug-slurm.XXXXXX) # sockets need a short path
pids=()

finish() {
    local pid
    for pid in "${pids[@]}"; do
        is_running "$pid" || continue
        kill "$pid" 2> /dev/null
        wait "$pid" 2> /dev/null
    done
    stop_registry
    rm -rf "$folder"
}
trap finish EXIT

cannot() {
    echo "NOT TESTED: $1"
    tail -n 5 "$folder"/*.log 2> /dev/null
    exit 0
}

wait_for() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

[ "$(id -u)" -eq 0 ] || cannot "Slurm's daemons need root"
for program in munged slurmctld slurmd sbatch; do
    PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || cannot "there is no $program"
done
export PATH=$PATH:/usr/sbin

free_port() { # prints one that nobody listens on
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        if ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
            echo "$port"
            return
        fi
    done
}

start_munge() {
    head -c 1024 /dev/urandom > "$folder/key"
    chmod 400 "$folder/key"
    munged --foreground --force --key-file="$folder/key" --socket="$folder/munge" \
        --pid-file="$folder/munge.pid" --seed-file="$folder/seed" --log-file="$folder/munge.log" \
        > "$folder/munged.log" 2>&1 &
    pids=("$!" "${pids[@]}")
    wait_for 10 test -S "$folder/munge"
}

write_configuration() {
    local host
    host=$(hostname -s)
    mkdir "$folder/state" "$folder/spool"
    cat > "$folder/slurm.conf" << END
ClusterName=tug
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
END
    export SLURM_CONF="$folder/slurm.conf"
}

start_munge || cannot "munge does not start"
write_configuration
slurmctld -D > "$folder/slurmctld.out.log" 2>&1 &
pids=("$!" "${pids[@]}")
wait_for 15 scontrol ping || cannot "slurmctld does not start"
slurmd -D > "$folder/slurmd.out.log" 2>&1 &
pids=("$!" "${pids[@]}")
node_is_idle() {
    sinfo -h -o %t | grep -qx idle
}
wait_for 20 node_is_idle || cannot "slurmd does not start"

serve_images 40

sbatch --wait --array=0-3 --cpus-per-task=1 --output="$folder/task-%a" --chdir="$folder" \
    "$example" "$WORK/list" "$TUG_STORE" --plain-http > "$WORK/out" 2> "$WORK/err" ||
    fail "sbatch: $(tail -n 5 "$folder"/task-* 2>&1)"
[ "$(names_in_index)" = "$(sort "$WORK/list")" ] || fail "not all images are there"
for task in 0 1 2 3; do
    [ -f "$TUG_STORE.failed-$task" ] || fail "no failed-$task"
    [ ! -s "$TUG_STORE.failed-$task" ] || fail "failed-$task is not empty"
    grep -q '^fetched [0-9]* image' "$folder/task-$task" || fail "task $task fetched nothing"
done
stop_registry
[ "$(grep -c '^request .*/manifests/' "$WORK/log")" -eq 40 ] ||
    fail "a reference was asked for twice"
echo "four tasks of an array"
