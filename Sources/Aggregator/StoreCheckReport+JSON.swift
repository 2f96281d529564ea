import Events
import JSON
import Store

// A report as operators read it, and as scripts do.
extension StoreCheckReport {
  var json: [UInt8] {
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.key("damaged")
    json.bool(isDamaged)
    for (key, value) in [
      ("packs", packs), ("sections", sections), ("events", events), ("bytes", bytes),
      ("stored_batches", batches), ("stored_events", batchEvents), ("damages", damages),
      ("findings_left_out", findingsLeftOut),
    ] {
      json.key(key)
      json.integer(Int64(value))
    }
    json.key("findings")
    json.beginArray()
    for finding in findings { finding.append(to: &json) }
    json.endArray()
    json.endObject()
    return json.bytes
  }

  var text: String {
    var lines = findings.map(\.line)
    if findingsLeftOut > 0 { lines.append("and \(findingsLeftOut) findings more") }
    lines.append(
      "\(packs) packs, \(sections) sections, \(events) events and \(bytes >> 20) MiB read; "
        + "\(batches) stored batches with \(batchEvents) events")
    lines.append(isDamaged ? "\(damages) damages" : "nothing is damaged")
    return lines.joined(separator: "\n")
  }
}

extension StoreCheckReport.Finding {
  fileprivate var line: String {
    var line = "\(isDamage ? "damage" : "note"): \(place): \(problem)"
    if let project { line += "; project \(project.text)" }
    if let events { line += ", \(events) events" }
    return line
  }

  fileprivate func append(to json: inout JSONWriter) {
    json.beginObject()
    json.key("place")
    json.string("\(place)")
    if case .section(let pack, let section) = place {
      json.key("pack")
      json.integer(Int64(clamping: pack))
      json.key("section")
      json.integer(Int64(section))
    }
    if case .pack(let pack) = place {
      json.key("pack")
      json.integer(Int64(clamping: pack))
    }
    json.key("problem")
    json.string(problem)
    json.key("damage")
    json.bool(isDamage)
    if let project {
      json.key("project")
      json.string(project.text)
    }
    if let events {
      json.key("events")
      json.integer(Int64(events))
    }
    json.endObject()
  }
}
