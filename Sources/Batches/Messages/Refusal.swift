private import JSON

/// The body of every answer of the pair's routes that is no success: a code for the program, a
/// sentence for the person. What caused it stays in the log of whoever refused.
package struct Refusal: Equatable, Sendable {
  package var code: String
  package var message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }

  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("code", code)
      writer.field("message", message)
    }
  }

  /// Nil where the body is something else, a proxy's page for instance.
  package init?(decoding bytes: Span<UInt8>) {
    guard let fields = try? MessageFields(parsing: bytes), let code = try? fields.text("code")
    else {
      return nil  // Whatever is wrong with it, it is no refusal of ours.
    }
    self.code = code
    message = (try? fields.text("message")) ?? ""  // The code is what counts.
  }
}
