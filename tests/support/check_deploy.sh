#!/bin/sh
# Check config/deploy with systemd, nginx, HAProxy (also under load, while two servers are restarted in turn),
# promtool, the schemas of compose and Kubernetes, and buildah, in a folder of its own. The image is built over a base of Debian's packages and run without a registry.
set -eu
cd "$(dirname "$0")/../.."
missing=""
for one in nginx:nginx haproxy:haproxy promtool:prometheus systemd-analyze:systemd openssl:openssl \
    buildah:buildah debootstrap:debootstrap; do
    command -v "${one%%:*}" > /dev/null || [ -x "/usr/sbin/${one%%:*}" ] || missing="$missing ${one##*:}"
done
if [ -n "$missing" ]; then
    echo "Installing$missing" >&2
    apt-get -qq update
    # shellcheck disable=SC2086  # several packages
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $missing > /dev/null
fi
tests/support/install_servers.sh
PATH="$PATH:/usr/sbin:/sbin"
there=$(mktemp -d)
trap 'rm -rf --one-file-system "$there"' EXIT
tool() { .venv/bin/uv --quiet tool run --python .venv/bin/python --from "$@"; }
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

PYTHONPATH=tests .venv/bin/python -m support.proxied nginx haproxy

promtool check config config/deploy/prometheus.yml > /dev/null
echo "promtool check config, rules: ok"

tool check-jsonschema check-jsonschema --builtin-schema vendor.compose-spec config/deploy/compose.yaml > /dev/null
echo "compose.yaml: ok"
tool kubernetes-validate kubernetes-validate --strict --quiet config/deploy/kubernetes.yaml
echo "kubernetes.yaml: ok"

# The base stands for any image with Python. Whom this machine trusts, it trusts.
certificates=/etc/ssl/certs/ca-certificates.crt
debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates stable "$there/base" > "$there/base.log"
cp "$certificates" "$there/base/$certificates"
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
image() { buildah --root "$there/images" --runroot "$there/run" "$@"; }
base=$(image from scratch)
image add --quiet "$base" "$there/base" / > /dev/null
image config --env "SSL_CERT_FILE=$certificates" --env "PIP_CERT=$certificates" "$base"
image commit --quiet "$base" base > /dev/null
image bud --quiet --format docker --pull-never --build-arg BASE=localhost/base -f config/deploy/Containerfile \
    -t starbeam . > /dev/null
made=$(image from --pull-never localhost/starbeam)
# shellcheck disable=SC2016  # the container's own variables
image run --volume "$PWD/config/demo.toml:/etc/starbeam/starbeam.toml:ro" "$made" -- sh -euc '
    [ "$(id -u)" = 10001 ] && ! touch /opt/starbeam/here 2> /dev/null
    cd /tmp && starbeam demo --port 8765 > demo.log 2>&1 & server=$!
    for wait in $(seq 120); do
        python -c "import urllib.request as r; r.urlopen(\"http://127.0.0.1:8765/health/ready\")" 2> /dev/null &&
            kill -INT $server && wait $server && exit 0
        sleep 1
    done
    cat /tmp/demo.log; exit 1'
echo "Containerfile: built, and serves the demo"
