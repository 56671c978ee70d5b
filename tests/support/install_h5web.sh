#!/bin/sh
# Installs h5web, the viewer that reads HDF5 through the plugin `data`, where it is missing: into .venv/h5web, from
# the registry that npm is configured for. Needs node and npm.
set -eu
version=17.0.0
folder=.venv/h5web

installed=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' "$folder/node_modules/@h5web/app/package.json" 2> /dev/null || true)
[ "$installed" != "$version" ] || exit 0

if ! command -v npm > /dev/null; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
        echo "The tests need node and npm. Debian, Ubuntu: apt-get install nodejs npm" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq install --no-install-recommends nodejs npm > /dev/null
fi
mkdir -p "$folder"
echo '{ "private": true, "type": "module" }' > "$folder/package.json"
npm install --prefix "$folder" --silent --no-package-lock --no-audit --no-fund --legacy-peer-deps \
    "@h5web/app@$version" react@18.3.1 react-dom@18.3.1 > /dev/null
