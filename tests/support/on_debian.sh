#!/bin/sh
# Runs `make install` and what is named (else test-fast) on another release of Debian, with its Python and its
# MariaDB: what is committed, in a system of its own, which is removed afterwards. It takes root, debootstrap and 3 GB.
#     tests/support/on_debian.sh trixie [TARGET …]
set -eu
cd "$(dirname "$0")/../.."
suite=$1
shift
[ $# -gt 0 ] || set -- test-fast
PATH="$PATH:/usr/sbin:/sbin"
command -v debootstrap > /dev/null || { apt-get -qq update && apt-get -qq install --yes debootstrap > /dev/null; }
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 1' INT TERM
there=$folder/root
packages=python3,python3-venv,python3-dev,gcc,ca-certificates,make,git,procps
debootstrap --variant=minbase "--include=$packages" "$suite" "$there" > "$folder/log" || { cat "$folder/log"; exit 1; }
# Whom this machine trusts, it trusts.
certificates=/etc/ssl/certs/ca-certificates.crt
cp "$certificates" "$there$certificates"
git clone --quiet . "$there/starbeam"
# Mounts are gone with the process that made them.
# shellcheck disable=SC2016  # the inner shell's own variables
unshare --mount sh -euc '
    there=$1 certificates=$2
    shift 2
    mount -t proc proc "$there/proc"
    mount --rbind /dev "$there/dev"
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        SSL_CERT_FILE="$certificates" PIP_CERT="$certificates" \
        chroot "$there" sh -euc "cd /starbeam; python3 --version; make install; mkdir -p /root; exec make \"\$@\"" sh "$@"
' sh "$there" "$certificates" "$@"
