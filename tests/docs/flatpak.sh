#!/usr/bin/env bash
# A Krita from Flatpak that is nothing but Python, and the page's way to let it see the engine: flatpak.sh OUT PYTHON LINE
# Flatpak looks for that folder below /run/user alone: call it under `unshare --mount`, for a /run of its own.
set -euo pipefail
out=$1
python=$2
line=$3
app=org.kde.krita
mount -t tmpfs -o mode=755 tmpfs /run
export HOME=$out/home XDG_RUNTIME_DIR=/run/user/$(id -u)
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
mkdir -p "$HOME/.var/app/$app"

# The runtime: this system's Python with the libraries that it loads.
usr=$out/runtime/usr
mkdir -p "$usr/bin" "$usr/lib64" "$usr/lib/$(uname -m)-linux-gnu" "$out/runtime/files"
real=$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
cp "$real" "$usr/bin/python3"
unwanted=(__pycache__ test site-packages dist-packages 'config-*' idlelib lib2to3 ensurepip tkinter turtledemo pydoc_data)
unwanted+=(unittest distutils asyncio xml xmlrpc sqlite3 curses dbm multiprocessing venv wsgiref)
tar -C "$(dirname "$library")" -c "${unwanted[@]/#/--exclude=}" "$(basename "$library")" | tar -C "$usr/lib" -x
find "$usr/bin/python3" "$library/lib-dynload" -type f -exec ldd {} + 2>/dev/null | grep -o ' /[^ ]*' | sort -u |
    xargs -I{} cp -L {} "$usr/lib/$(uname -m)-linux-gnu"
cp -L /lib64/ld-linux-* "$usr/lib64"
cat >"$out/runtime/metadata" <<END
[Runtime]
name=$app.Python
runtime=$app.Python/$(uname -m)/1
sdk=$app.Python/$(uname -m)/1
END
mkdir -p "$out/app/files/bin" "$out/app/export"
cat >"$out/app/metadata" <<END
[Application]
name=$app
runtime=$app.Python/$(uname -m)/1
command=python3

[Context]
shared=network;
END
flatpak build-export --runtime "$out/repo" "$out/runtime" 1 >/dev/null
flatpak build-export "$out/repo" "$out/app" 1 >/dev/null
flatpak --user remote-add --no-gpg-verify here "$out/repo"
flatpak --user install --assumeyes --noninteractive here "$app//1"

# The docker's half that speaks to the engine, where the installation has put it.
"$python" -m handtint install krita
cat >"$HOME/.var/app/$app/data/ask.py" <<'END'
import os
import sys

sys.path.insert(0, os.path.join(os.environ["XDG_DATA_HOME"], "krita/pykrita/handtint_krita/_light"))
from handtint.client.blocking import Engine
from handtint.errors import EngineError

try:
    with Engine("krita") as engine:
        print("colors by", engine.connect(timeout=60).methods[0].name)
except EngineError as error:
    print(error)
END
ask() { flatpak run --branch=1 "$app" "$HOME/.var/app/$app/data/ask.py"; }

"$python" -m handtint serve &
until "$python" -m handtint status; do kill -0 $!; done
ask >"$out/before"
bash -euc "$line"
ask >"$out/after"
"$python" -m handtint stop
wait
ask >"$out/stopped"
