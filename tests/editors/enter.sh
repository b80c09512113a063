#!/bin/sh
# Runs a command inside the editor root: enter.sh ROOT USER:GROUP PATH… -- COMMAND…
# Each PATH of this system appears inside at the same place. All mounts live in a mount namespace of this command alone
# (call it under `unshare --mount`), so that nothing is left over however it ends.
set -eu
root=$1
owner=$2
shift 2
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != "--" ]; do
    if [ -d "$1" ]; then
        mkdir -p "$root$1"
    else
        mkdir -p "$root$(dirname "$1")"
        [ -e "$root$1" ] || touch "$root$1"
    fi
    mount --rbind "$1" "$root$1"
    shift
done
shift
exec chroot --userspec="$owner" "$root" "$@"
