/// Which scalars differ in case only: those whose lowercase is the same single scalar. So ſ and s are
/// two letters, ß and ẞ are one, and so are k and the sign of the kelvin.
enum CaseFolding {
  /// Behind this no scalar has another case: a test looks.
  static let lastScalar: UInt32 = 0x1_FFFF

  /// The scalars of each letter that has several, in order. Made once, in about two milliseconds, when
  /// the first pattern ignores case.
  static let letters: [[UInt32]] = {
    var members: [UInt32: [UInt32]] = [:]
    for value in 0...lastScalar {
      guard let scalar = Unicode.Scalar(value), let lower = lowercase(scalar) else { continue }
      members[lower, default: [lower]].append(value)
    }
    return members.values.map { $0.sorted() }.sorted { $0[0] < $1[0] }
  }()

  /// Nil where it is the scalar itself or several.
  static func lowercase(_ scalar: Unicode.Scalar) -> UInt32? {
    guard scalar.properties.changesWhenLowercased else { return nil }
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    guard lower.count == 1, let only = lower.first, only != scalar else { return nil }
    return only.value
  }
}
