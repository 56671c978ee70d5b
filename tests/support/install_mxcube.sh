#!/bin/sh
# Installs MXCuBE's client, where it is missing: into .venv/mxcube, which is an environment of its own, from the index that
# pip is configured for. Of its many dependencies only those that its REST client needs.
set -eu
folder=.venv/mxcube
client="mxcubecore==2.149.0"
needs="colorama==0.4.6 gevent==26.9.0 pydantic==2.14.4 PyDispatcher==2.0.7 requests==2.34.2 ruamel.yaml==0.17.40 scipy==1.17.1"

[ "$(cat "$folder/installed" 2> /dev/null || true)" != "$client $needs" ] || exit 0

rm -rf "$folder"
.venv/bin/python -m venv "$folder"
# shellcheck disable=SC2086
"$folder/bin/pip" -qq --disable-pip-version-check install --no-deps $client
# shellcheck disable=SC2086
"$folder/bin/pip" -qq --disable-pip-version-check install $needs
echo "$client $needs" > "$folder/installed"
