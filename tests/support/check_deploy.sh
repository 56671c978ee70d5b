#!/bin/sh
# Check config/deploy with systemd, nginx, HAProxy and promtool, in a folder of its own.
set -eu
cd "$(dirname "$0")/../.."
missing=""
for one in nginx:nginx haproxy:haproxy promtool:prometheus systemd-analyze:systemd openssl:openssl; do
    command -v "${one%%:*}" > /dev/null || [ -x "/usr/sbin/${one%%:*}" ] || missing="$missing ${one##*:}"
done
if [ -n "$missing" ]; then
    echo "Installing$missing" >&2
    apt-get -qq update
    # shellcheck disable=SC2086  # several packages
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $missing > /dev/null
fi
PATH="$PATH:/usr/sbin:/sbin"
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=ispyb.example.org -days 1 \
    -keyout "$there/ispyb.key" -out "$there/ispyb.crt" 2> /dev/null
cat "$there/ispyb.crt" "$there/ispyb.key" > "$there/ispyb.pem"

sed "s|/opt/starbeam/.venv/bin/starbeam|/bin/true|" config/deploy/starbeam.service > "$there/starbeam.service"
systemd-analyze verify "$there/starbeam.service"
echo "systemd-analyze verify: ok"

sed "s|/etc/ssl/private/ispyb.key|$there/ispyb.key|; s|/etc/ssl/ispyb.pem|$there/ispyb.pem|; s|/var/log/nginx|$there|" \
    config/deploy/nginx.conf > "$there/site.conf"
printf 'pid %s/pid;\nerror_log %s/error.log;\nevents {}\nhttp { include %s/site.conf; }\n' \
    "$there" "$there" "$there" > "$there/nginx.conf"
nginx -q -t -c "$there/nginx.conf"
echo "nginx -t: ok"

sed "s|/etc/ssl/private/ispyb.pem|$there/ispyb.pem|" config/deploy/haproxy.cfg > "$there/haproxy.cfg"
haproxy -q -c -f "$there/haproxy.cfg"
echo "haproxy -c: ok"

promtool check rules config/deploy/alerts.yml > /dev/null
echo "promtool check rules: ok"
