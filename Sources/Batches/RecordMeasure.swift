import Columns
import Events

/// How long each row's record is, without writing it.
struct RecordMeasure {
  let core: BatchCore
  let sessions: BatchCore.IdentityColumn
  let fields: [Field]
  let shapes: Shapes

  func ends(props: [UInt32], ctx: [UInt32], values: [UInt64], plan: Plan) -> [Int] {
    let fixed = (0..<UInt32(shapes.count)).map(fixedBytes)
    // Entry by entry, what a text or an array takes behind its tag.
    let kinds = fields.map(\.kind)
    var valueBytes = [UInt32](repeating: 0, count: values.count)
    for field in kinds.indices {
      let range = plan.starts[field]..<plan.starts[field + 1]
      switch kinds[field] {
      case .integer:
        for index in range {
          let value = Int64(bitPattern: values[index])
          let coded = UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
          valueBytes[index] = UInt32(truncatingIfNeeded: Self.varintBytes(coded))
        }
      case .double: for index in range { valueBytes[index] = 8 }
      case .string:
        for index in range {
          let count = core.texts.places[Int(values[index])].count
          valueBytes[index] = count &+ UInt32(truncatingIfNeeded: Self.varintBytes(UInt64(count)))
        }
      case .array:
        for index in range { valueBytes[index] = core.texts.places[Int(values[index])].count &- 1 }
      case .null, .bool, .object: break
      }
    }
    var ends: [Int] = []
    ends.reserveCapacity(props.count)
    var end = 0
    for row in props.indices {
      end &+= headBytes(row) &+ fixed[Int(props[row])] &+ fixed[Int(ctx[row])]
      for index in Int(plan.placeStarts[row])..<Int(plan.placeStarts[row &+ 1]) {
        end &+= Int(valueBytes[Int(plan.places[index])])
      }
      ends.append(end)
    }
    return ends
  }

  /// Everything before `props`.
  private func headBytes(_ row: Int) -> Int {
    var count = EventRecord.headerBytes &+ textBytes(core.nameCodes[row])
    if core.heads[Int(core.headCodes[row])].flags.contains(.rawTime) { count &+= 8 }
    count &+= textBytes(core.profiles.entries[row]) &+ textBytes(core.devices.entries[row])
    count &+= textBytes(sessions.entries[row]) &+ textBytes(core.visitors.entries[row])
    return count
  }

  @inline(__always)
  private func textBytes(_ entry: UInt32) -> Int {
    guard entry != BatchCore.IdentityColumn.nobody else { return 0 }
    let count = UInt64(core.texts.places[Int(entry)].count)
    return Int(count) &+ Self.varintBytes(count)
  }

  /// What all rows of a shape have: braces, keys, tags.
  private func fixedBytes(_ shape: UInt32) -> Int {
    var count = 5
    for index in shapes.range(shape) {
      let field = fields[Int(shapes.fields[index])]
      let keyBytes = UInt64(field.key.count)
      count &+= Int(keyBytes) &+ Self.varintBytes(keyBytes) &+ (field.kind == .object ? 5 : 1)
    }
    return count
  }

  @inline(__always)
  static func varintBytes(_ value: UInt64) -> Int {
    (70 &- (value | 1).leadingZeroBitCount) / 7
  }
}
