"""A throwaway LDAP directory: OpenLDAP's slapd on free loopback ports, with a folder of its own.

It stops when the process that started it ends, however it ends.
"""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from support.processes import die_with_parent, free_port, program

PATIENCE = 300
"""Seconds until a server that does not start is given up."""
PEOPLE = "ou=people,dc=example,dc=org"
SERVICE_DN = "cn=starbeam,dc=example,dc=org"
SERVICE_PASSWORD = "service-pässword"

CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix dc=example,dc=org
directory {folder}/data
maxsize 16777216
dbnosync
overlay ppolicy
ppolicy_default cn=policy,dc=example,dc=org
access to attrs=userPassword by anonymous auth by * none
access to dn.exact=uid=hermit,ou=people,dc=example,dc=org by anonymous auth by * none
access to * by self read by dn.exact={service} read by anonymous auth
"""

ENTRIES = """
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: cn=policy,dc=example,dc=org
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE

dn: {service}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: starbeam
userPassword: {password}
"""


class Slapd:
    """A running directory with the entries of an LDIF text below `PEOPLE`."""

    def __init__(self, entries: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="starbeam-slapd-"))
        atexit.register(self.stop)
        self.port, self.tls_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        (self.folder / "data").mkdir()
        # A copy: AppArmor lets the installed program read its own folders only.
        self._program = shutil.copy(program("slapd", "slapd"), self.folder / "slapd")
        make_certificates(self.folder)
        self._fill(entries)

    @property
    def uri(self) -> str:
        """Where it listens, with StartTLS on demand."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_uri(self) -> str:
        """Where it listens with TLS from the start."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def ca_file(self) -> str:
        """The certificate that signs the server's."""
        return str(self.folder / "ca.pem")

    @property
    def log(self) -> str:
        """What the server logged: a line for each connection that it accepts, and for each operation."""
        return (self.folder / "log").read_text()

    def log_with(self, times: int, word: str, start: int) -> str:
        """The log from a place on, as soon as a word is there so many times."""
        deadline = time.monotonic() + PATIENCE
        while (log := self.log[start:]).count(word) < times:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not {times} times {word!r} in:\n{log}")
            time.sleep(0.02)
        return log

    def _fill(self, entries: str) -> None:
        config = CONFIGURATION.format(folder=self.folder, service=SERVICE_DN)
        (self.folder / "slapd.conf").write_text(config)
        ldif = ENTRIES.format(service=SERVICE_DN, password=SERVICE_PASSWORD) + "\n" + entries
        subprocess.run(
            [self._program, "-T", "add", "-f", self.folder / "slapd.conf"],
            input=ldif.encode(),
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start, and return when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._program, "-d", "stats", "-f", self.folder / "slapd.conf"),
                    *("-h", f"{self.uri} {self.tls_uri}"),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + PATIENCE
        while not _listens(self.tls_port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"slapd did not start:\n{self.log[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop at once and delete the folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)


def make_certificates(folder: Path) -> None:
    """A certificate authority (`ca.pem`), and its certificate for this machine's loopback address."""
    _certificate(folder, "ca", "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")
    authority = ("-CA", folder / "ca.pem", "-CAkey", folder / "ca.key")
    _certificate(folder, "server", "subjectAltName=IP:127.0.0.1", "basicConstraints=CA:FALSE", by=authority)


def _certificate(folder: Path, name: str, *extensions: str, by: tuple[str | Path, ...] = ()) -> None:
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "2", "-subj", f"/CN=Starbeam test {name}", *by),
        *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"),
        *(part for extension in extensions for part in ("-addext", extension)),
    ]
    subprocess.run(command, check=True, capture_output=True)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
