#!/usr/bin/env bash
# What a newcomer does on a Debian 13 that has Krita and GIMP and nothing of ours: newcomer.sh CLONE OUT.
# OUT holds the README's lines, a gray picture and GIMP's job, and gets all that is to be looked at.
set -euo pipefail
clone=$1
out=$2

say() { echo "== $(date +%T) $*"; }

say "what the README asks for"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq git make >/dev/null
unset DEBIAN_FRONTEND
mkdir -p -m 700 "$XDG_RUNTIME_DIR"

say "the README's lines"
cd "$clone"
bash -euxo pipefail "$out/lines.sh"
du -sh .venv

say "Krita"
read -r display < <(exec Xvfb -displayfd 1 -screen 0 1500x960x24 -nolisten tcp -noreset 2>"$out/xvfb.log")
export DISPLAY=":$display"
openbox &
# The driver plays a painter's steps; it is the tests' own plug-in and no part of what was installed.
cp -r tests/krita/driver/. ~/.local/share/krita/pykrita
sed -i 's/^\[python\]$/&\nenable_handtint_driver=true/' ~/.config/kritarc
HANDTINT_SCRATCH=$out HANDTINT_DRIVER_SCRIPT=$clone/tests/krita/inside/steps_newcomer.py \
    HANDTINT_DRIVER_OUT=$out/krita.json timeout 400 krita --nosplash >"$out/krita.log" 2>&1
.venv/bin/handtint stop

say "GIMP"
HANDTINT_JOB=$out/job timeout 300 gimp-console-3 -i -f --quit --batch-interpreter=python-fu-eval \
    -b "import sys; sys.path.insert(0, '$clone/tests/gimp/inside'); import scenarios; scenarios.main()" \
    >"$out/gimp.log" 2>&1

say "what else the README says"
make demo
cp demo/before-after.png "$out"
make docs >"$out/docs.log" 2>&1
.venv/bin/handtint doctor >"$out/doctor.txt"
.venv/bin/handtint stop
.venv/bin/handtint uninstall krita
.venv/bin/handtint uninstall gimp
find / -xdev \( -path "$clone" -o -path "$out" \) -prune -o \
    -name '*handtint*' ! -name ".handtint-editors-*" -print | sort >"$out/left.txt"
say "done"
