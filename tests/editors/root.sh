#!/usr/bin/env bash
# Makes the Debian 13 root that the editor tests run in, where this system does not carry Krita 5.2 and GIMP 3.0 itself.
# Usage: root.sh DIR [SUITE]. Needs root (or sudo), debootstrap and about 3 GB; a finished root is left as it is.
# SUITE is another Debian than 13 (trixie), for the tests in newer editors.
set -euo pipefail

root=${1:?usage: root.sh DIR [SUITE]}
suite=${2:-trixie}
stamp="$root/.handtint-editors-3"
packages="krita python3-pyqt5 gimp xvfb xauth xdotool openbox imagemagick x11-utils ca-certificates locales"

sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"

# Two test runs at once must not make it twice.
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9

if [ -f "$stamp" ]; then
    echo "editor root: $root is ready"
    exit 0
fi
if ! command -v debootstrap >/dev/null; then
    echo "editor root: installing debootstrap${sudo:+ (with sudo)}"
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq debootstrap >/dev/null
fi

echo "editor root: making $root (Debian $suite, Krita and GIMP; a few minutes)"
$sudo rm -rf "$root"
$sudo debootstrap --variant=minbase "$suite" "$root" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
# Services must not start inside the root, and documentation is dead weight there.
printf '#!/bin/sh\nexit 101\n' | $sudo tee "$root/usr/sbin/policy-rc.d" >/dev/null
$sudo chmod +x "$root/usr/sbin/policy-rc.d"
printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n' |
    $sudo tee "$root/etc/dpkg/dpkg.cfg.d/slim" >/dev/null
$sudo chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
    sh -c "apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages && apt-get clean" \
    >>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
$sudo touch "$stamp"
echo "editor root: done"
