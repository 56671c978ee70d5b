#!/bin/sh
# Installs the servers that the tests start for themselves, where they are missing.
# The packages without a service are enough: nothing is started, nothing listens.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"

command -v mariadbd > /dev/null && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null; then
    echo "The tests need MariaDB's server program (mariadbd), which is not installed." >&2
    echo "Debian, Ubuntu: apt-get install mariadb-server-core mariadb-client-core; elsewhere: the package that holds mariadbd" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends mariadb-server-core mariadb-client-core > /dev/null
