"""Certificates for the tests: some made for us by the openssl tool, some found where `init` put them."""

import hashlib
import os
import re
import ssl
import subprocess

BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.S)


def make_self_signed(directory, name="wrong.example", alternative="DNS:wrong.example", days=30):
    """A self-signed P-256 certificate and its key; returns both paths."""
    os.makedirs(directory, exist_ok=True)
    certificate = os.path.join(directory, f"{name}.crt")
    key = os.path.join(directory, f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
         "-keyout", key, "-out", certificate],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


def pem_files(directory):
    """Every file below `directory` that holds PEM blocks, with the kinds of its blocks."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            try:
                if os.path.getsize(path) > 1 << 20 or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    kinds = [match.group(1).decode() for match in BLOCK.finditer(file.read())]
            except OSError:
                continue
            if kinds:
                found[path] = kinds
    return found


def find_server_pair(directory, host="127.0.0.1", port=None):
    """The certificate chain and key that a server below `directory` presents.

    Any key that fits any certificate counts; where several do, the one whose certificate is not a
    CA's wins, and with a `port` the one that the running server shows.
    """
    shown = None
    if port is not None:
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port)))
    files = pem_files(directory)
    keys = [path for path, kinds in files.items() if any("PRIVATE KEY" in kind for kind in kinds)]
    pairs = []
    for certificate, kinds in files.items():
        if "CERTIFICATE" not in kinds:
            continue
        for key in keys:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
            except (ssl.SSLError, OSError):
                continue
            pairs.append((certificate, key))
    for certificate, key in pairs:
        if shown is not None and first_der(certificate) == shown:
            return certificate, key
    leaves = [pair for pair in pairs if not is_authority(pair[0])]
    if not (leaves or pairs):
        raise AssertionError(f"no certificate with its key below {directory}: {sorted(files)}")
    return (leaves or pairs)[0]


def first_der(path):
    with open(path, "rb") as file:
        for match in BLOCK.finditer(file.read()):
            if match.group(1) == b"CERTIFICATE":
                return ssl.PEM_cert_to_DER_cert(match.group(0).decode())
    return None


def is_authority(path):
    text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-text"],
                          capture_output=True, text=True, check=False).stdout
    return "CA:TRUE" in text


def fingerprint_shown(host, port):
    """SHA-256 of the certificate that a server presents now."""
    pem = ssl.get_server_certificate((host, port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
