/// A request and its answer.
package typealias Handler = @Sendable (Request) async -> Response

/// Which handler takes which request, by method and path.
///
/// A pattern is a path whose segments may be `{name}`: any one segment that is not empty. A pattern
/// without such segments wins over one with them.
package struct Router: Sendable {
  private struct Route: Sendable {
    let method: Method
    let pattern: String
    /// The place in `table`, from 1 on.
    let number: Int
    let segments: [Segment]
    let handler: Handler
  }

  private enum Segment: Sendable, Equatable {
    case literal([UInt8])
    case parameter
  }

  /// Paths without parameters, by their bytes' length: a look-up compares one or two of them.
  private var literal: [[(path: [UInt8], route: Route)]] = []
  private var open: [Route] = []
  private var routeCount = 0
  private let refusal: @Sendable (RouterRefusal) -> Response

  /// `refusal` words the answers to what no route takes.
  package init(refusal: @escaping @Sendable (RouterRefusal) -> Response) {
    self.refusal = refusal
  }

  package mutating func add(_ method: Method, _ pattern: String, _ handler: @escaping Handler) {
    let segments = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
      .map { piece -> Segment in
        piece.first == UInt8(ascii: "{") ? .parameter : .literal(Array(piece))
      }
    routeCount += 1
    let route = Route(
      method: method, pattern: pattern, number: routeCount, segments: segments, handler: handler)
    if segments.contains(.parameter) {
      open.append(route)
      return
    }
    let path = Array(pattern.utf8)
    while literal.count <= path.count { literal.append([]) }
    literal[path.count].append((path, route))
  }

  /// Every route as method and pattern, for documents and tests that go through all of them.
  package var table: [(method: String, pattern: String)] {
    (literal.joined().map(\.route) + open).map { ($0.method.text, $0.pattern) }
  }

  /// Finds the handler and has it answer.
  package func respond(to request: Request) async -> Response {
    var allowed: [String] = []
    if let route = find(request, &allowed) {
      request.route = RequestRoute(pattern: route.pattern, number: route.number)
      return await route.handler(request)
    }
    request.route = .none
    if allowed.isEmpty { return refusal(.unknownPath(request.head.path)) }
    var response = refusal(.wrongMethod(request.head.method.text, allowed: allowed))
    // Methods of our own routes: nothing in them could be refused.
    try? response.fields.append("Allow", allowed.joined(separator: ", "))
    return response
  }

  private func find(_ request: Request, _ allowed: inout [String]) -> Route? {
    // HEAD is answered as GET; the connection leaves the body out.
    let method = request.head.method == .head ? .get : request.head.method
    let range = request.head.target.path
    let bytes = request.head.bytes.span
    if range.count < literal.count {
      for entry in literal[range.count] where Self.equal(entry.path, bytes, range) {
        if entry.route.method == method {
          request.parameters = []
          return entry.route
        }
        allowed.append(entry.route.method.text)
      }
    }
    for route in open {
      guard let parameters = Self.match(route.segments, bytes, range) else { continue }
      if route.method == method {
        request.parameters = parameters
        return route
      }
      allowed.append(route.method.text)
    }
    return nil
  }

  private static func equal(_ path: [UInt8], _ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    for index in path.indices where path[index] != bytes[range.lowerBound + index] { return false }
    return true
  }

  /// The decoded parameters, or nil where the path is another.
  private static func match(
    _ segments: [Segment], _ bytes: Span<UInt8>, _ path: Range<Int>
  ) -> [String]? {
    var parameters: [String] = []
    var position = path.lowerBound
    for segment in segments {
      guard position < path.upperBound, bytes[position] == UInt8(ascii: "/") else { return nil }
      let start = position + 1
      var end = start
      while end < path.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
      switch segment {
      case .literal(let text):
        guard end - start == text.count, equal(text, bytes, start..<end) else { return nil }
      case .parameter:
        guard end > start, let text = PercentCoding.segment(bytes, start..<end) else { return nil }
        parameters.append(text)
      }
      position = end
    }
    return position == path.upperBound ? parameters : nil
  }
}

/// Why no route took a request.
package enum RouterRefusal: Sendable {
  case unknownPath(String)
  case wrongMethod(String, allowed: [String])
}
