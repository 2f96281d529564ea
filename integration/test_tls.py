"""TLS: 1.3 on the pair's routes, 1.2 at least for clients, the right host, reload. About 15 s."""

import shutil
import signal
import socket
import ssl

import pytest

from harness.certificates import find_server_pair, fingerprint_shown, make_self_signed
from harness.client import client_tls, request, wait_for
from harness.programs import Collector
from harness.proxy import FaultProxy

PAIR_ROUTES = ["/v1/enroll", "/v1/hello", "/v1/batches"]


def over_tls(aggregator, method, path, body=None, headers=None, **versions):
    return request("127.0.0.1", aggregator.tls_port, method, path, body, headers,
                   tls=aggregator.tls(**versions))


def test_clients_may_speak_1_2_and_1_3(shared_pair):
    aggregator, _ = shared_pair
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        headers = {"X-API-Key": aggregator.write_key}
        answer = over_tls(aggregator, "POST", "/api/v1/events", {"event_name": "a"}, headers,
                          minimum=version, maximum=version)
        assert answer.status == 200, (version, answer)


@pytest.mark.parametrize("path", PAIR_ROUTES)
def test_the_pairs_routes_answer_426_below_1_3(shared_pair, path):
    aggregator, _ = shared_pair
    answer = over_tls(aggregator, "POST", path, b"x", maximum=ssl.TLSVersion.TLSv1_2)
    assert answer.status == 426, answer
    answer = over_tls(aggregator, "POST", path, b"x", minimum=ssl.TLSVersion.TLSv1_3)
    assert answer.status in (400, 401, 403), answer


@pytest.mark.parametrize("path", PAIR_ROUTES)
def test_the_pairs_routes_do_not_exist_on_plain_http(shared_pair, path):
    aggregator, _ = shared_pair
    answer = request("127.0.0.1", aggregator.port, "POST", path, b"x")
    assert answer.status == 404, answer


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused(shared_pair, version):
    aggregator, _ = shared_pair
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", aggregator.tls_port), 5) as raw:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(raw, server_hostname="localhost")


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
                                     "DHE-RSA-AES128-GCM-SHA256"])
def test_old_suites_are_refused(shared_pair, ciphers):
    aggregator, _ = shared_pair
    context = client_tls(maximum=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", aggregator.tls_port), 5) as raw:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(raw, server_hostname="localhost")


def test_plain_http_on_the_tls_port_is_no_harm(shared_pair):
    aggregator, _ = shared_pair
    with socket.create_connection(("127.0.0.1", aggregator.tls_port), 5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.settimeout(5)
        try:
            while raw.recv(4096):
                pass
        except ConnectionError:
            pass
    assert aggregator.is_ready()


def test_hundreds_of_broken_handshakes_are_no_harm(shared_pair):
    aggregator, _ = shared_pair
    for number in range(300):
        with socket.create_connection(("127.0.0.1", aggregator.tls_port), 5) as raw:
            raw.sendall(bytes([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) + bytes([number % 256]) * number)
    assert over_tls(aggregator, "GET", "/health/live").status == 200


def test_a_collector_does_not_enroll_with_another_host(shared_house, shared_pair, tmp_path):
    """The certificate names localhost and 127.0.0.1; behind 127.0.0.9 it proves nothing."""
    aggregator, _ = shared_pair
    token = aggregator.new_token()
    with FaultProxy(("127.0.0.1", aggregator.tls_port), host="127.0.0.9") as proxy:
        stranger = Collector(tmp_path / "c", shared_house.logs, proxy.url, "stranger")
        done = stranger.enroll(token)
        assert done.returncode != 0
        assert "127.0.0.9" in done.stderr or "certificate" in done.stderr.lower(), done.stderr
    done = stranger.enroll(token, url=aggregator.url)
    assert done.returncode == 0, f"the token was used up by a failed try: {done.stderr}"


def test_a_collector_does_not_enroll_with_a_certificate_of_another_ca(
        shared_house, shared_pair, tmp_path):
    from harness.aggregator_stub import Door
    aggregator, _ = shared_pair
    pair = make_self_signed(tmp_path, "localhost", "DNS:localhost,IP:127.0.0.1")
    with Door(*pair, upstream=("127.0.0.1", aggregator.tls_port)) as door:
        stranger = Collector(tmp_path / "c", shared_house.logs, door.url, "stranger2")
        assert stranger.enroll(aggregator.new_token()).returncode != 0
        assert not door.requests, "the token was shown to a stranger"


def test_a_token_works_once(shared_house, shared_pair, tmp_path):
    aggregator, _ = shared_pair
    token = aggregator.new_token()
    one = Collector(tmp_path / "one", shared_house.logs, aggregator.url, "one")
    two = Collector(tmp_path / "two", shared_house.logs, aggregator.url, "two")
    assert one.enroll(token).returncode == 0
    done = two.enroll(token)
    assert done.returncode != 0 and token not in done.stderr + done.stdout
    assert two.enroll("not-a-token").returncode != 0


def test_a_new_certificate_is_shown_without_a_restart(house, tmp_path):
    aggregator = house.aggregator()
    certificate, key = find_server_pair(aggregator.data, port=aggregator.tls_port)
    before, pid = fingerprint_shown("127.0.0.1", aggregator.tls_port), aggregator.pid
    with aggregator.connection() as living:
        assert living.request("GET", "/health/live").status == 200
        new_certificate, new_key = make_self_signed(tmp_path, "new", "DNS:localhost,IP:127.0.0.1")
        shutil.copyfile(new_key, key)
        shutil.copyfile(new_certificate, certificate)
        aggregator.signal(signal.SIGHUP)
        wait_for(lambda: fingerprint_shown("127.0.0.1", aggregator.tls_port) != before, 15, 0.2,
                 "the new certificate")
        assert living.request("GET", "/health/live").status == 200
    assert aggregator.pid == pid and aggregator.is_running
    # Broken files are reported and the old certificate stays.
    shown = fingerprint_shown("127.0.0.1", aggregator.tls_port)
    with open(certificate, "w") as file:
        file.write("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    aggregator.signal(signal.SIGHUP)
    import time
    time.sleep(1)
    assert fingerprint_shown("127.0.0.1", aggregator.tls_port) == shown
