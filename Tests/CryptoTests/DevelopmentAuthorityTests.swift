import COpenSSL
import Testing

@testable import Crypto

@Suite("Development certificates") struct DevelopmentAuthorityTests {
  /// 2026-11-20.
  static let now: Int64 = 1_795_132_800_000
  static let day: Int64 = 86_400_000

  static func made() throws -> (authority: DevelopmentAuthority, server: Credential) {
    let authority = try DevelopmentAuthority.make(atMilliseconds: now)
    let server = try authority.serverCredential(
      names: ["localhost", "Aggregator.Example.com", "*.example.net", "127.0.0.1", "::1"],
      atMilliseconds: now)
    return (authority, server)
  }

  /// Nil, or the library's code for why it would not trust this server.
  static func refusal(
    of server: String, under authority: String, host: String? = nil, address: String? = nil,
    atMilliseconds now: Int64 = now
  ) throws -> CInt? {
    let leaf = try Certificate(pem: server)
    let root = try Certificate(pem: authority)
    // SAFETY: everything made here is freed here; the store counts its reference of the root.
    guard let store = unsafe X509_STORE_new() else { unexpected("X509_STORE_new") }
    defer { unsafe X509_STORE_free(store) }
    unsafe X509_STORE_add_cert(store, root.pointer)
    guard let context = unsafe X509_STORE_CTX_new() else { unexpected("X509_STORE_CTX_new") }
    defer { unsafe X509_STORE_CTX_free(context) }
    unsafe X509_STORE_CTX_init(context, store, leaf.pointer, nil)
    let parameters = unsafe X509_STORE_CTX_get0_param(context)
    unsafe X509_VERIFY_PARAM_set_time(parameters, Int(now / 1000))
    unsafe X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER)
    unsafe X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_X509_STRICT))
    if let host { unsafe X509_VERIFY_PARAM_set1_host(parameters, host, host.utf8.count) }
    if let address { unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, address) }
    guard unsafe X509_verify_cert(context) != 1 else { return nil }
    return unsafe X509_STORE_CTX_get_error(context)
  }

  @Test("the server is trusted under its authority, by every name and by no other")
  func names() throws {
    let (authority, server) = try Self.made()
    let (leaf, root) = (server.certificate, authority.credential.certificate)
    for host in ["localhost", "aggregator.example.com", "a.example.net"] {
      #expect(try Self.refusal(of: leaf, under: root, host: host) == nil)
    }
    for host in ["example.net", "b.a.example.net", "evil.com", "127.0.0.1"] {
      let refusal = try Self.refusal(of: leaf, under: root, host: host)
      #expect(refusal == X509_V_ERR_HOSTNAME_MISMATCH)
    }
    for address in ["127.0.0.1", "::1", "0:0:0:0:0:0:0:1"] {
      #expect(try Self.refusal(of: leaf, under: root, address: address) == nil)
    }
    let other = try Self.refusal(of: leaf, under: root, address: "127.0.0.2")
    #expect(other == X509_V_ERR_IP_ADDRESS_MISMATCH)
  }

  @Test("each certificate has its time: 90 days or as asked, and ten years")
  func lifetimes() throws {
    let (authority, server) = try Self.made()
    let (leaf, root) = (server.certificate, authority.credential.certificate)
    func refusal(after days: Int64, _ certificate: String) throws -> CInt? {
      try Self.refusal(
        of: certificate, under: root, atMilliseconds: Self.now + days * Self.day)
    }
    #expect(try refusal(after: 89, leaf) == nil)
    #expect(try refusal(after: 91, leaf) == X509_V_ERR_CERT_HAS_EXPIRED)
    #expect(try refusal(after: -1, leaf) == X509_V_ERR_CERT_NOT_YET_VALID)
    let long = try authority.serverCredential(
      names: ["a"], lifetimeDays: 5000, atMilliseconds: Self.now)
    #expect(try refusal(after: 3652, long.certificate) == nil)
    #expect(try refusal(after: 3654, long.certificate) == X509_V_ERR_CERT_HAS_EXPIRED)
  }

  @Test("another authority's server, and a server as an authority, are not trusted")
  func chains() throws {
    let (authority, server) = try Self.made()
    let (_, foreign) = try Self.made()
    let root = authority.credential.certificate
    #expect(try Self.refusal(of: foreign.certificate, under: root) != nil)
    let below = try DevelopmentAuthority(server).serverCredential(
      names: ["evil.com"], atMilliseconds: Self.now)
    #expect(try Self.refusal(of: below.certificate, under: server.certificate) != nil)
    // The authority itself is no server.
    #expect(try Self.refusal(of: root, under: root, host: "localhost") != nil)
  }

  @Test("the signature is the authority's, and the keys fit their certificates")
  func signatures() throws {
    let (authority, server) = try Self.made()
    let leaf = try Certificate(pem: server.certificate)
    let root = try Certificate(pem: authority.credential.certificate)
    let leafKey = try CertificateKey(pem: server.privateKey)
    let rootKey = try CertificateKey(pem: authority.credential.privateKey)
    // SAFETY: all four are alive until the end of the test.
    let (byRoot, byLeaf) = unsafe (
      X509_verify(leaf.pointer, rootKey.pointer), X509_verify(leaf.pointer, leafKey.pointer)
    )
    ERR_clear_error()
    #expect(byRoot == 1 && byLeaf != 1)
    let (leafFits, rootFits) = unsafe (
      X509_check_private_key(leaf.pointer, leafKey.pointer),
      X509_check_private_key(root.pointer, rootKey.pointer)
    )
    #expect(leafFits == 1 && rootFits == 1)
    withExtendedLifetime((authority, server)) {}
  }

  @Test("the pin is that of the key: the same in text with a chain, another for another key")
  func pins() throws {
    let (authority, server) = try Self.made()
    let pin = try publicKeyPin(certificate: server.certificate)
    let chain = "a comment\n" + server.certificate + authority.credential.certificate
    #expect(try publicKeyPin(certificate: chain) == pin)
    #expect(try publicKeyPin(certificate: authority.credential.certificate) != pin)
    // From the command line: openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum
    #expect(try publicKeyPin(certificate: Self.known).hex == Self.knownPin)
  }

  @Test(
    "a name that is none enters no certificate",
    arguments: [
      "", ".", "a..b", ".a", "a.", "-a.com", "a-.com", "a b", "a,DNS:evil.com", "a\u{0}.com",
      "ü.de",
      "*", "*.com", "a.*.com", "*a.example.com", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ",
      "fe80::1%eth0", ":::", "http://a.com", "a/24", "a_b.com",
      String(repeating: "a", count: 64) + ".com", String(repeating: "abc.", count: 64) + "de",
    ])
  func badNames(name: String) throws {
    #expect(throws: CryptoError.badName(name)) { try CertificateName(name) }
    let (authority, _) = try Self.made()
    #expect(throws: CryptoError.badName(name)) {
      try authority.serverCredential(names: ["ok", name], atMilliseconds: Self.now)
    }
  }

  @Test("long names are served by the alternative names alone")
  func longName() throws {
    let (authority, _) = try Self.made()
    let name = String(repeating: "abcdefghi.", count: 20) + "example"
    let server = try authority.serverCredential(names: [name], atMilliseconds: Self.now)
    let root = authority.credential.certificate
    #expect(try Self.refusal(of: server.certificate, under: root, host: name) == nil)
  }

  @Test("text that holds no certificate or key is refused, also a key behind a password")
  func badPEM() throws {
    let (_, server) = try Self.made()
    for text in ["", "nonsense", server.privateKey, String(server.certificate.dropLast(60))] {
      #expect(throws: CryptoError.malformed(what: "PEM certificate")) {
        try publicKeyPin(certificate: text)
      }
    }
    for text in ["", "nonsense", server.certificate, Self.locked] {
      let authority = DevelopmentAuthority(
        Credential(certificate: server.certificate, privateKey: text))
      #expect(throws: CryptoError.malformed(what: "PEM private key")) {
        try authority.serverCredential(names: ["a"], atMilliseconds: Self.now)
      }
    }
  }

  static let known = """
    -----BEGIN CERTIFICATE-----
    MIIBdzCCAR2gAwIBAgIUIWcVE6DaPjWxUyMFg6mGFam0/fQwCgYIKoZIzj0EAwIw
    EDEOMAwGA1UEAwwFa25vd24wIBcNMjYxMTIwMjE0MzA0WhgPMjA1MTA3MTIyMTQz
    MDRaMBAxDjAMBgNVBAMMBWtub3duMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
    0vONlG8Ib5Reg8fkopSZsf6myGWhWwDHdXFXUZnZBVDK1Dsegec2eePMhf0VdK4n
    N6fuvB+ugHPb/+MCMHUbFKNTMFEwHQYDVR0OBBYEFL/xeaORO2k9QcVEHlf/Mjor
    Y1TfMB8GA1UdIwQYMBaAFL/xeaORO2k9QcVEHlf/MjorY1TfMA8GA1UdEwEB/wQF
    MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAO0DFNYQ3RCdrY4YbR0XZBUjvalPkLZj
    WOdSKKtdV5kTAiAqfQHH+GFhwpBGQe8aKFcxR6X+oxxUJJlt9CgMX6zpxg==
    -----END CERTIFICATE-----
    """
  static let knownPin = "3d9dbb9a3c3ba841c3b8f85fe0e2a011f9afb091689a0fdca853d596d2cb1de3"
  /// Behind the password "x".
  static let locked = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjC6fVrUbBMuwICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELu+l25n79Sw36kgUUw9kcoEgZDO
    noTDgN89uLAjWc5bgp3BZBhdmydebZC5Atqz3nofWkk0x5buek4ihmfnbh7yi0QL
    lh588X7S7iUApjAfFFSZfUCU1ptPfBprVVyEQVdBT3wKZkDWlugpVnonharojLyC
    LPQBHOLQrgc9FYHSRmCWufjuiuRPm7pHJx097zP9o8YBfT1Aj3Nhf1+ZV6e4ndM=
    -----END ENCRYPTED PRIVATE KEY-----
    """
}
