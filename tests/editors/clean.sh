#!/bin/sh
# Runs a command as root in a copy of the editor root that is thrown away: clean.sh ROOT SCRATCH PATH… -- COMMAND…
# What is written goes to SCRATCH, ROOT stays as it is; PATHs are those of enter.sh.
# Call it under `unshare --mount --pid --fork --mount-proc --kill-child`: mounts and programs end with it.
set -eu
root=$1
scratch=$2
shift 2
mkdir -p "$scratch/written" "$scratch/work" "$scratch/inside"
# Where SCRATCH lies on an overlay itself there can be no other one above it: then all of ROOT is copied.
mount -t overlay overlay -o "lowerdir=$root,upperdir=$scratch/written,workdir=$scratch/work" "$scratch/inside" ||
    cp -a "$root/." "$scratch/inside"
exec "$(dirname "$0")/enter.sh" "$scratch/inside" 0:0 "$@"
