import Testing

/// Documents by name and whether we accept them, in the manner of Nicolas Seriot's JSONTestSuite.
struct Verdict: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let isAccepted: Bool

  private init(_ name: String, _ text: String, _ isAccepted: Bool) {
    self.name = name
    self.bytes = Array(text.utf8)
    self.isAccepted = isAccepted
  }

  private init(_ name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    self.isAccepted = false
  }

  var testDescription: String { name }

  static let all = accepted + refused + refusedBytes + decided

  /// What every reader must accept.
  static let accepted: [Verdict] = [
    Verdict("array empty", "[]", true),
    Verdict("array with spaces", "[ ]", true),
    Verdict("array ending with newline", "[\"a\"]\n", true),
    Verdict("array false", "[false]", true),
    Verdict("array heterogeneous", "[null, 1, \"1\", {}]", true),
    Verdict("array null", "[null]", true),
    Verdict("array nested", "[[[[]]],[]]", true),
    Verdict("array leading space", " [1]", true),
    Verdict("array several null", "[1,null,null,null,2]", true),
    Verdict("array trailing space", "[2] ", true),
    Verdict("number", "[123e65]", true),
    Verdict("number 0e+1", "[0e+1]", true),
    Verdict("number 0e1", "[0e1]", true),
    Verdict("number after space", "[ 4]", true),
    Verdict(
      "number close to zero",
      "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", true),
    Verdict("number int with exponent", "[20e1]", true),
    Verdict("number minus zero", "[-0]", true),
    Verdict("number negative int", "[-123]", true),
    Verdict("number negative one", "[-1]", true),
    Verdict("number capital e", "[1E22]", true),
    Verdict("number capital e minus", "[1E-2]", true),
    Verdict("number capital e plus", "[1E+2]", true),
    Verdict("number fraction and exponent", "[123.456e78]", true),
    Verdict("number exponent minus", "[1e-2]", true),
    Verdict("number exponent plus", "[1e+2]", true),
    Verdict("number simple int", "[123]", true),
    Verdict("number simple real", "[123.456789]", true),
    Verdict("object basic", "{\"asd\":\"sdf\"}", true),
    Verdict("object empty", "{}", true),
    Verdict("object empty key", "{\"\":0}", true),
    Verdict("object escaped nul in key", "{\"foo\\u0000bar\": 42}", true),
    Verdict("object extreme numbers", "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }", true),
    Verdict(
      "object long strings",
      "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
      true),
    Verdict("object simple", "{\"a\":[]}", true),
    Verdict(
      "object string unicode", "{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\" }",
      true),
    Verdict("object with newlines", "{\n\"a\": \"b\"\n}", true),
    Verdict("object nested empty", "{\"a\":{\"b\":{}}}", true),
    Verdict("string 1 2 3 byte escapes", "[\"\\u0060\\u012a\\u12AB\"]", true),
    Verdict("string accepted surrogate pair", "[\"\\uD801\\udc37\"]", true),
    Verdict("string accepted surrogate pairs", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", true),
    Verdict("string allowed escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", true),
    Verdict("string backslash and u escaped zero", "[\"\\\\u0000\"]", true),
    Verdict("string backslash doublequotes", "[\"\\\"\"]", true),
    Verdict("string comments", "[\"a/*b*/c/*d//e\"]", true),
    Verdict("string double escape a", "[\"\\\\a\"]", true),
    Verdict("string double escape n", "[\"\\\\n\"]", true),
    Verdict("string escaped control character", "[\"\\u0012\"]", true),
    Verdict("string escaped noncharacter", "[\"\\uFFFF\"]", true),
    Verdict("string in array", "[\"asd\"]", true),
    Verdict("string in array with leading space", "[ \"asd\"]", true),
    Verdict("string last surrogates", "[\"\\uDBFF\\uDFFF\"]", true),
    Verdict("string non breaking space", "[\"new\u{A0}line\"]", true),
    Verdict("string noncharacter U+10FFFF", "[\"\u{10FFFF}\"]", true),
    Verdict("string noncharacter U+FFFF", "[\"\u{FFFF}\"]", true),
    Verdict("string nul escape", "[\"\\u0000\"]", true),
    Verdict("string one byte utf8", "[\"\\u002c\"]", true),
    Verdict("string pi", "[\"π\"]", true),
    Verdict("string simple ascii", "[\"asd \"]", true),
    Verdict("string space", "\" \"", true),
    Verdict("string three byte", "[\"\\u0821\"]", true),
    Verdict("string two byte", "[\"\\u0123\"]", true),
    Verdict("string U+2028", "[\"\u{2028}\"]", true),
    Verdict("string U+2029", "[\"\u{2029}\"]", true),
    Verdict("string unescaped DEL char", "[\"a\u{7F}a\"]", true),
    Verdict("string unicode invisible plus", "[\"\\u2064\"]", true),
    Verdict("string unicode escaped double quote", "[\"\\u0022\"]", true),
    Verdict("string utf8", "[\"€𝄞\"]", true),
    Verdict("string uppercase hex", "[\"\\uABCD\"]", true),
    Verdict("string mixed case hex", "[\"\\uaBcD\"]", true),
    Verdict("structure lonely false", "false", true),
    Verdict("structure lonely int", "42", true),
    Verdict("structure lonely negative real", "-0.1", true),
    Verdict("structure lonely null", "null", true),
    Verdict("structure lonely string", "\"asd\"", true),
    Verdict("structure lonely true", "true", true),
    Verdict("structure string empty", "\"\"", true),
    Verdict("structure true in array", "[true]", true),
    Verdict("structure white space array", " [] ", true),
    Verdict("structure all white space", "\t\r\n [\t\r\n 1\t\r\n ,\t\r\n 2\t\r\n ]\t\r\n ", true),
  ]

  /// What every reader must refuse.
  static let refused: [Verdict] = [
    Verdict("array 1 true without comma", "[1 true]", false),
    Verdict("array colon instead of comma", "[\"\": 1]", false),
    Verdict("array comma after close", "[\"\"],", false),
    Verdict("array comma and number", "[,1]", false),
    Verdict("array double comma", "[1,,2]", false),
    Verdict("array double extra comma", "[\"x\",,]", false),
    Verdict("array extra close", "[\"x\"]]", false),
    Verdict("array extra comma", "[\"\",]", false),
    Verdict("array incomplete", "[\"x\"", false),
    Verdict("array inner array no comma", "[3[4]]", false),
    Verdict("array items separated by semicolon", "[1:2]", false),
    Verdict("array just comma", "[,]", false),
    Verdict("array just minus", "[-]", false),
    Verdict("array missing value", "[   , \"\"]", false),
    Verdict("array newlines unclosed", "[\"a\",\n4\n,1,", false),
    Verdict("array number and comma", "[1,]", false),
    Verdict("array spaces vertical tab formfeed", "[\"\u{B}a\"\\f]", false),
    Verdict("array star inside", "[*]", false),
    Verdict("array unclosed", "[\"\"", false),
    Verdict("array unclosed with object inside", "[{}", false),
    Verdict("array closed by brace", "[1}", false),
    Verdict("incomplete false", "[fals]", false),
    Verdict("incomplete null", "[nul]", false),
    Verdict("incomplete true", "[tru]", false),
    Verdict("literal too long", "[nulll]", false),
    Verdict("literal capital", "[True]", false),
    Verdict("number ++", "[++1234]", false),
    Verdict("number +1", "[+1]", false),
    Verdict("number +Inf", "[+Inf]", false),
    Verdict("number -01", "[-01]", false),
    Verdict("number -1.0.", "[-1.0.]", false),
    Verdict("number -2.", "[-2.]", false),
    Verdict("number -NaN", "[-NaN]", false),
    Verdict("number .-1", "[.-1]", false),
    Verdict("number .2e-3", "[.2e-3]", false),
    Verdict("number 0.1.2", "[0.1.2]", false),
    Verdict("number 0.3e+", "[0.3e+]", false),
    Verdict("number 0.3e", "[0.3e]", false),
    Verdict("number 0.e1", "[0.e1]", false),
    Verdict("number 0E+", "[0E+]", false),
    Verdict("number 0e", "[0e]", false),
    Verdict("number 1.0e-", "[1.0e-]", false),
    Verdict("number 1 000", "[1 000.0]", false),
    Verdict("number 1eE2", "[1eE2]", false),
    Verdict("number 2.e+3", "[2.e+3]", false),
    Verdict("number 9.e+", "[9.e+]", false),
    Verdict("number Inf", "[Inf]", false),
    Verdict("number Infinity", "[Infinity]", false),
    Verdict("number NaN", "[NaN]", false),
    Verdict("number expression", "[1+2]", false),
    Verdict("number hex 1 digit", "[0x1]", false),
    Verdict("number minus infinity", "[-Infinity]", false),
    Verdict("number minus space 1", "[- 1]", false),
    Verdict("number neg int starting with zero", "[-012]", false),
    Verdict("number neg real without int part", "[-.123]", false),
    Verdict("number real garbage after e", "[1ea]", false),
    Verdict("number real without fractional part", "[1.]", false),
    Verdict("number starting with dot", "[.123]", false),
    Verdict("number with alpha", "[1.2a-3]", false),
    Verdict("number with leading zero", "[012]", false),
    Verdict("number full width digit", "[１]", false),
    Verdict("number underscore", "[1_000]", false),
    Verdict("object bad value", "[\"x\", truth]", false),
    Verdict("object bracket key", "{[: \"x\"}", false),
    Verdict("object comma instead of colon", "{\"x\", null}", false),
    Verdict("object double colon", "{\"x\"::\"b\"}", false),
    Verdict("object garbage at end", "{\"a\":\"a\" 123}", false),
    Verdict("object key with single quotes", "{key: 'value'}", false),
    Verdict("object missing colon", "{\"a\" b}", false),
    Verdict("object missing key", "{:\"b\"}", false),
    Verdict("object missing semicolon", "{\"a\" \"b\"}", false),
    Verdict("object missing value", "{\"a\":", false),
    Verdict("object no colon", "{\"a\"", false),
    Verdict("object non string key", "{1:1}", false),
    Verdict("object repeated null null", "{null:null,null:null}", false),
    Verdict("object several trailing commas", "{\"id\":0,,,,,}", false),
    Verdict("object single quote", "{'a':0}", false),
    Verdict("object trailing comma", "{\"id\":0,}", false),
    Verdict("object trailing comment", "{\"a\":\"b\"}/**/", false),
    Verdict("object trailing comment slash", "{\"a\":\"b\"}//", false),
    Verdict("object two commas in a row", "{\"a\":\"b\",,\"c\":\"d\"}", false),
    Verdict("object unquoted key", "{a: \"b\"}", false),
    Verdict("object unterminated value", "{\"a\":\"a", false),
    Verdict("object with single string", "{ \"foo\" : \"bar\", \"a\" }", false),
    Verdict("object with trailing garbage", "{\"a\":\"b\"}#", false),
    Verdict("object closed by bracket", "{\"a\":1]", false),
    Verdict("object only comma", "{,}", false),
    Verdict("single space", " ", false),
    Verdict("string 1 surrogate then escape", "[\"\\uD800\\\"]", false),
    Verdict("string 1 surrogate then escape u", "[\"\\uD800\\u\"]", false),
    Verdict("string 1 surrogate then escape u1", "[\"\\uD800\\u1\"]", false),
    Verdict("string accentuated char no quotes", "[é]", false),
    Verdict("string escape x", "[\"\\x00\"]", false),
    Verdict("string escaped backslash bad", "[\"\\\\\\\"]", false),
    Verdict("string escaped ctrl char tab", "[\"\\\t\"]", false),
    Verdict("string escaped emoji", "[\"\\🌀\"]", false),
    Verdict("string incomplete escape", "[\"\\\"]", false),
    Verdict("string incomplete escaped character", "[\"\\u00A\"]", false),
    Verdict("string incomplete surrogate", "[\"\\uD834\\uDd\"]", false),
    Verdict("string invalid unicode escape", "[\"\\uqqqq\"]", false),
    Verdict("string invalid backslash escape", "[\"\\a\"]", false),
    Verdict("string leading escaped space", "[\\u0020\"asd\"]", false),
    Verdict("string no quotes with bad escape", "[\\n]", false),
    Verdict("string single doublequote", "\"", false),
    Verdict("string single quote", "['single quote']", false),
    Verdict("string single string no double quotes", "abc", false),
    Verdict("string start escape unclosed", "[\"\\", false),
    Verdict("string unescaped newline", "[\"new\nline\"]", false),
    Verdict("string unescaped tab", "[\"\t\"]", false),
    Verdict("string unescaped nul", "[\"a\u{0}a\"]", false),
    Verdict("string unescaped 1f", "[\"\u{1F}\"]", false),
    Verdict("string unicode capital U", "\"\\UA66D\"", false),
    Verdict("string with trailing garbage", "\"\"x", false),
    Verdict("string uescape plus sign", "[\"\\u+123\"]", false),
    Verdict("structure angle bracket", "<.>", false),
    Verdict("structure array trailing garbage", "[1]x", false),
    Verdict("structure array with extra array close", "[1]]", false),
    Verdict("structure asterisk after array", "[*]", false),
    Verdict("structure ascii unicode identifier", "aå", false),
    Verdict("structure capitalized True", "[True]", false),
    Verdict("structure close unopened array", "1]", false),
    Verdict("structure comma instead of closing brace", "{\"x\": true,", false),
    Verdict("structure double array", "[][]", false),
    Verdict("structure end array", "]", false),
    Verdict("structure no data", "", false),
    Verdict("structure null byte outside string", "[\u{0}]", false),
    Verdict("structure number with trailing garbage", "2@", false),
    Verdict("structure object followed by closing object", "{}}", false),
    Verdict("structure object with comment", "{\"a\":/*comment*/\"b\"}", false),
    Verdict("structure open array apostrophe", "['", false),
    Verdict("structure open array open object", "[{", false),
    Verdict("structure open object comma", "{,", false),
    Verdict("structure open object open string", "{\"a", false),
    Verdict("structure single star", "*", false),
    Verdict("structure trailing hash", "{\"a\":\"b\"}#{}", false),
    Verdict("structure U+2060 word joined", "[\u{2060}]", false),
    Verdict("structure unclosed array unfinished true", "[ false, tru", false),
    Verdict("structure unicode identifier", "å", false),
    Verdict("structure white space U+2060", "\u{2060}", false),
    Verdict("structure white space formfeed", "[\u{C}]", false),
    Verdict("structure white space non breaking", "[\u{A0}]", false),
    Verdict("structure vertical tab", "[\u{B}]", false),
    Verdict("structure byte order mark only", "\u{FEFF}", false),
    Verdict("structure two values", "1 2", false),
    Verdict("structure nul behind", "1\u{0}", false),
  ]

  /// What is not text at all.
  static let refusedBytes: [Verdict] = [
    Verdict("string invalid utf8 lone continuation", bytes: [0x5B, 0x22, 0x80, 0x22, 0x5D]),
    Verdict("string invalid utf8 truncated", bytes: [0x5B, 0x22, 0xE0, 0xFF, 0x22, 0x5D]),
    Verdict("string overlong slash 2 bytes", bytes: [0x5B, 0x22, 0xC0, 0xAF, 0x22, 0x5D]),
    Verdict("string overlong 3 bytes", bytes: [0x5B, 0x22, 0xE0, 0x80, 0xAF, 0x22, 0x5D]),
    Verdict("string overlong 4 bytes", bytes: [0x5B, 0x22, 0xF0, 0x80, 0x80, 0xAF, 0x22, 0x5D]),
    Verdict(
      "string overlong 5 bytes", bytes: [0x5B, 0x22, 0xF8, 0x80, 0x80, 0x80, 0xAF, 0x22, 0x5D]),
    Verdict(
      "string overlong 6 bytes",
      bytes: [0x5B, 0x22, 0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF, 0x22, 0x5D]),
    Verdict("string encoded surrogate", bytes: [0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D]),
    Verdict(
      "string encoded surrogate pair",
      bytes: [0x5B, 0x22, 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80, 0x22, 0x5D]),
    Verdict("string beyond U+10FFFF", bytes: [0x5B, 0x22, 0xF4, 0x90, 0x80, 0x80, 0x22, 0x5D]),
    Verdict("string invalid byte ff", bytes: [0x5B, 0x22, 0xFF, 0x22, 0x5D]),
    Verdict("string latin 1", bytes: [0x5B, 0x22, 0xE9, 0x22, 0x5D]),
    Verdict("string modified utf8 nul", bytes: [0x5B, 0x22, 0xC0, 0x80, 0x22, 0x5D]),
    Verdict("string invalid utf8 after escape", bytes: [0x5B, 0x22, 0x5C, 0xE5, 0x22, 0x5D]),
    Verdict(
      "string invalid utf8 in surrogate place",
      bytes: [0x5B, 0x22, 0x5C, 0x75, 0x44, 0x38, 0xE5, 0x22, 0x5D]),
    Verdict("array invalid utf8 outside", bytes: [0x5B, 0xFF, 0x5D]),
    Verdict("number then invalid byte", bytes: [0x5B, 0x31, 0xE5, 0x5D]),
    Verdict("key invalid utf8", bytes: [0x7B, 0x22, 0xB9, 0x22, 0x3A, 0x30, 0x7D]),
    Verdict("structure incomplete byte order mark", bytes: [0xEF, 0xBB, 0x7B, 0x7D]),
    Verdict("structure utf16", bytes: [0x00, 0x5B, 0x00, 0x5D]),
    Verdict(
      "string invalid utf8 past 16 bytes",
      bytes: [
        0x22, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61,
        0x61, 0x61, 0xE2, 0x82, 0x22,
      ]),
  ]

  /// What the standard leaves open, and the reason for what we do.
  static let decided: [Verdict] = [
    Verdict("number 1.9e1999 too large", "[123123e100000]", false),  // infinite
    Verdict(
      "number huge exponent",
      "[0.4e00669999999999999999999999999999999999999999999999999999999999999999969999999006]",
      false),  // infinite
    Verdict("number negative huge exponent", "[-1e+9999]", false),  // infinite
    Verdict("number underflows to zero", "[123e-10000000]", true),  // the nearest double is zero
    Verdict("number very small", "[1e-400]", true),  // the nearest double is zero
    Verdict("number too big for 64 bits", "[100000000000000000000]", true),  // the nearest double
    Verdict("number too big negative", "[-123123123123123123123123123123]", true),  // the nearest double
    Verdict("number of zeros with huge exponent", "[0e99999]", true),  // zero
    Verdict("object duplicate key", "{\"a\":\"b\",\"a\":\"c\"}", false),  // an event with it is rejected
    Verdict("object duplicate key and value", "{\"a\":\"b\",\"a\":\"b\"}", false),  // the same
    Verdict("object key only lone surrogate", "{\"\\uDFAA\":0}", false),  // not Unicode
    Verdict("string 1st surrogate but 2nd missing", "[\"\\uDADA\"]", false),  // not Unicode
    Verdict("string 1st valid surrogate 2nd invalid", "[\"\\uD888\\u1234\"]", false),  // not Unicode
    Verdict("string incomplete surrogate and escape valid", "[\"\\uD800\\n\"]", false),  // not Unicode
    Verdict("string incomplete surrogate pair", "[\"\\uDd1ea\"]", false),  // not Unicode
    Verdict("string incomplete surrogates escape valid", "[\"\\uD800\\uD800\\n\"]", false),  // not Unicode
    Verdict("string invalid lonely surrogate", "[\"\\ud800\"]", false),  // not Unicode
    Verdict("string inverted surrogates", "[\"\\uDd1e\\uD834\"]", false),  // not Unicode
    Verdict("string lone second surrogate", "[\"\\uDFAA\"]", false),  // not Unicode
    Verdict("structure byte order mark", "\u{FEFF}{}", false),  // RFC 8259 8.1 lets a reader refuse it
    Verdict(
      "structure 32 nested arrays",
      String(repeating: "[", count: 32) + String(repeating: "]", count: 32), true),  // the depth bound
    Verdict(
      "structure 33 nested arrays",
      String(repeating: "[", count: 33) + String(repeating: "]", count: 33), false),  // the depth bound
    Verdict(
      "structure 500 nested arrays",
      String(repeating: "[", count: 500) + String(repeating: "]", count: 500), false),  // the depth bound
    Verdict("string noncharacter unescaped", "[\"￾\"]", true),  // a noncharacter is still Unicode
  ]
}
