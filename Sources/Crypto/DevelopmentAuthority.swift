private import COpenSSL
package import Platform

/// A certificate and its key as PEM texts. The key is a secret: files that hold it are 0600.
package struct Credential: Sendable {
  package let certificate: String
  package let privateKey: String

  package init(certificate: String, privateKey: String) {
    self.certificate = certificate
    self.privateKey = privateKey
  }
}

/// A certificate authority of an installation's own, for those who have no other: ECDSA on P-256,
/// ten years, and it may sign servers only. Collectors learn its pin with their enrolment token.
package struct DevelopmentAuthority: Sendable {
  package static let lifetimeDays = 3653
  /// Certificates begin this much before they are made, for peers whose clocks are behind.
  static let backdatedSeconds: Int64 = 3600

  package let credential: Credential

  /// An authority that was made before.
  package init(_ credential: Credential) { self.credential = credential }

  /// A new authority, valid from the given wall time on.
  package static func make(
    name: String = "Tributary development CA", atMilliseconds now: Int64,
    random: any RandomSource = SystemRandom()
  ) throws(CryptoError) -> DevelopmentAuthority {
    let key = try CertificateKey()
    let certificate = try Certificate()
    try certificate.begin(
      subject: name, key, lifetimeDays: lifetimeDays, atMilliseconds: now, random)
    try certificate.setIssuer(certificate)
    try certificate.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: certificate)
    try certificate.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: certificate)
    try certificate.add(NID_subject_key_identifier, "hash", issuer: certificate)
    try certificate.sign(key)
    return DevelopmentAuthority(
      Credential(certificate: try certificate.pem(), privateKey: try key.pem()))
  }

  /// A certificate for a server under these names, with a new key.
  package func serverCredential(
    names: [String], lifetimeDays: Int = 90, atMilliseconds now: Int64,
    random: any RandomSource = SystemRandom()
  ) throws(CryptoError) -> Credential {
    guard let first = names.first else { throw .badName("") }
    var checked: [CertificateName] = []
    for name in names { checked.append(try CertificateName(name)) }
    let authority = try Certificate(pem: credential.certificate)
    let authorityKey = try CertificateKey(pem: credential.privateKey)
    let key = try CertificateKey()
    let certificate = try Certificate()
    // A common name holds 64 characters; who checks a name looks at the alternative names.
    try certificate.begin(
      subject: String(first.prefix(64)), key, lifetimeDays: lifetimeDays, atMilliseconds: now,
      random)
    try certificate.setIssuer(authority)
    try certificate.add(NID_basic_constraints, "critical,CA:FALSE", issuer: authority)
    try certificate.add(NID_key_usage, "critical,digitalSignature", issuer: authority)
    try certificate.add(NID_ext_key_usage, "serverAuth", issuer: authority)
    try certificate.add(NID_subject_key_identifier, "hash", issuer: authority)
    try certificate.add(NID_authority_key_identifier, "keyid:always", issuer: authority)
    try certificate.addAlternativeNames(checked)
    try certificate.sign(authorityKey)
    return Credential(certificate: try certificate.pem(), privateKey: try key.pem())
  }
}

/// The pin of a PEM certificate: the SHA-256 of its `SubjectPublicKeyInfo`, as in RFC 7469. It stays
/// the same when the certificate is renewed with its key.
package func publicKeyPin(certificate pem: String) throws(CryptoError) -> Digest {
  let info = try Certificate(pem: pem).subjectPublicKeyInfo()
  return sha256(info.span)
}

extension Certificate {
  /// Version, serial number, life, subject and public key.
  fileprivate func begin(
    subject: String, _ key: borrowing CertificateKey, lifetimeDays: Int, atMilliseconds now: Int64,
    _ random: any RandomSource
  ) throws(CryptoError) {
    // Versions count from zero: this is v3.
    guard unsafe X509_set_version(pointer, 2) == 1 else { throw .last("X509_set_version") }
    var serial = randomBytes(16, from: random)
    serial[0] = serial[0] & 0x7F | 0x40  // Positive, and 127 bits long.
    let number = unsafe BN_bin2bn(serial, CInt(serial.count), nil)
    defer { unsafe BN_free(number) }
    guard unsafe number != nil,
      unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) != nil
    else { throw .last("BN_to_ASN1_INTEGER") }
    let start = Int(now / 1000 - DevelopmentAuthority.backdatedSeconds)
    let end = Int(now / 1000) + lifetimeDays * 86_400
    guard unsafe ASN1_TIME_set(X509_getm_notBefore(pointer), start) != nil,
      unsafe ASN1_TIME_set(X509_getm_notAfter(pointer), end) != nil
    else { throw .last("ASN1_TIME_set") }
    let name = Array(subject.utf8)
    guard
      unsafe X509_NAME_add_entry_by_NID(
        X509_get_subject_name(pointer), NID_commonName, MBSTRING_UTF8, name, CInt(name.count), -1,
        0) == 1
    else { throw .last("X509_NAME_add_entry_by_NID") }
    guard unsafe X509_set_pubkey(pointer, key.pointer) == 1 else { throw .last("X509_set_pubkey") }
  }

  fileprivate func setIssuer(_ issuer: borrowing Certificate) throws(CryptoError) {
    guard unsafe X509_set_issuer_name(pointer, X509_get_subject_name(issuer.pointer)) == 1 else {
      throw .last("X509_set_issuer_name")
    }
  }

  /// An extension in the words of OpenSSL's configuration. Those words are ours, never a stranger's.
  fileprivate func add(
    _ identifier: CInt, _ words: StaticString, issuer: borrowing Certificate
  ) throws(CryptoError) {
    var context = unsafe X509V3_CTX()
    unsafe X509V3_set_ctx(&context, issuer.pointer, pointer, nil, nil, 0)
    // SAFETY: the library copies the words, which end in NUL.
    let made = unsafe X509V3_EXT_conf_nid(nil, &context, identifier, words.description)
    guard let made = unsafe made else { throw .last("X509V3_EXT_conf_nid") }
    defer { unsafe X509_EXTENSION_free(made) }
    guard unsafe X509_add_ext(pointer, made, -1) == 1 else { throw .last("X509_add_ext") }
  }

  fileprivate func addAlternativeNames(_ names: [CertificateName]) throws(CryptoError) {
    guard let list = unsafe GENERAL_NAMES_new() else { throw .last("GENERAL_NAMES_new") }
    defer { unsafe GENERAL_NAMES_free(list) }
    for name in names {
      let (kind, bytes) =
        switch name {
        case .dns(let text): (GEN_DNS, Array(text.utf8))
        case .address(let bytes): (GEN_IPADD, bytes)
        }
      guard let entry = unsafe GENERAL_NAME_new() else { throw .last("GENERAL_NAME_new") }
      let type = kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING
      // SAFETY: the entry takes the text over, the list the entry; each copies what it is shown.
      guard let text = unsafe ASN1_STRING_type_new(type),
        unsafe ASN1_STRING_set(text, bytes, CInt(bytes.count)) == 1
      else {
        unsafe GENERAL_NAME_free(entry)
        throw .last("ASN1_STRING_set")
      }
      unsafe GENERAL_NAME_set0_value(entry, kind, text)
      guard unsafe copenssl_push_name(list, entry) > 0 else {
        unsafe GENERAL_NAME_free(entry)
        throw .last("sk_GENERAL_NAME_push")
      }
    }
    guard
      unsafe X509_add1_ext_i2d(
        pointer, NID_subject_alt_name, UnsafeMutableRawPointer(list), 0, 0) == 1
    else { throw .last("X509_add1_ext_i2d") }
  }

  fileprivate func sign(_ key: borrowing CertificateKey) throws(CryptoError) {
    guard unsafe X509_sign(pointer, key.pointer, EVP_sha256()) > 0 else {
      throw .last("X509_sign")
    }
  }
}
