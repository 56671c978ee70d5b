#!/bin/sh
# Installs the servers that the tests start for themselves, the browser that they look with, and what reads paper, where missing.
# Nothing is started, nothing listens: MariaDB comes without a service, Galera is a library of it, slapd comes without a
# configuration.
# Other programs that are named come with the packages of their names.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"

packages=""
command -v mariadbd > /dev/null || packages="$packages mariadb-server-core mariadb-client-core"
[ -e /usr/lib/galera/libgalera_smm.so ] || packages="$packages galera-4"
command -v slapd > /dev/null || packages="$packages slapd"
command -v redis-check-rdb > /dev/null || packages="$packages redis-tools"
command -v openssl > /dev/null || packages="$packages openssl"
command -v chromium > /dev/null || packages="$packages chromium fonts-dejavu-core"
command -v zbarimg > /dev/null || packages="$packages zbar-tools"
command -v pdftotext > /dev/null || packages="$packages poppler-utils"
for name in "$@"; do
    command -v "$name" > /dev/null || packages="$packages $name"
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "The tests need the server programs of MariaDB (mariadbd) with Galera, OpenLDAP (slapd) and Redis (redis-check-rdb), openssl, chromium, zbarimg and pdftotext." >&2
    echo "Debian, Ubuntu: apt-get install$packages; elsewhere: the packages that hold them" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
echo "slapd slapd/no_configuration boolean true" | debconf-set-selections
# shellcheck disable=SC2086 # a list of words
apt-get -qq install --no-install-recommends $packages > /dev/null
