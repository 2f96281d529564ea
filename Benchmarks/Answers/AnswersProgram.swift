// Asks the store of an aggregator that has ended, inside this process, and prints what it says:
//
//     answers <data folder> <manifest.json> [--queries a,b] [--runs 7] [--threads 2] [--seed 1]
//       [--export FILE] [--answers no]
//
//     answers <data folder> --questions <file>
//
// One JSON object on stdout: the rows of each of the workload's questions as `Benchmarks/oracle` has
// them, how long the first asking took and the further ones, and what the process held at most. With
// questions of a file: their answers as the API writes them.
import Events
import Glibc
import JSON
import Platform

@main enum AnswersProgram {
  static func main() async {
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      if let file = options.questions {
        print(try await answers(to: QuestionFile(readFile(file)), options))
        return
      }
      let started = SystemClock.monotonicNanoseconds
      let parameters = try Parameters(readFile(options.manifest))
      let asker = try await Asker(
        folder: options.folder, project: parameters.project, threads: options.threads)
      let seconds = Seconds.since(started)
      print(try await report(options, parameters, asker, opened: seconds))
    } catch {
      let text = Array("answers: \(error)\n".utf8)
      _ = unsafe write(STDERR_FILENO, text, text.count)
      exit(1)
    }
  }

  private static func answers(
    to file: QuestionFile, _ options: Options
  ) async throws -> String {
    let asker = try await Asker(
      folder: options.folder, project: try ProjectID(file.project), threads: options.threads)
    var json = JSONWriter()
    json.beginObject()
    json.key("events")
    json.integer(try await asker.eventCount)
    json.key("answers")
    let answers = try await file.answers(of: asker)
    json.raw(answers.span)
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func report(
    _ options: Options, _ parameters: Parameters, _ asker: Asker, opened: Double
  ) async throws -> String {
    let all = Workload.questions
    let chosen =
      options.queries.isEmpty ? all : all.filter { options.queries.contains($0.name) }
    let known = Set(all.map(\.name))
    var json = JSONWriter()
    json.beginObject()
    json.key("opened_s")
    json.double(opened)
    json.key("events")
    json.integer(try await asker.eventCount)
    json.key("sections")
    json.integer(try await asker.sectionCount)
    json.key("unknown")
    json.beginArray()
    for name in options.queries.sorted() where !known.contains(name) { json.string(name) }
    json.endArray()
    json.key("questions")
    json.beginObject()
    var shifts = Shifts(seed: options.seed)
    for question in chosen {
      json.key(question.name)
      try await time(question, parameters, asker, options, &shifts, to: &json)
    }
    json.endObject()
    json.key("peak_rss_mb")
    json.integer(peakMegabytes())
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }

  /// The answer to the question as it stands first: nothing of it has been read by then. The further
  /// askings are about ranges that lie a random number of minutes later.
  private static func time(
    _ question: Workload.Asked, _ parameters: Parameters, _ asker: Asker, _ options: Options,
    _ shifts: inout Shifts, to json: inout JSONWriter
  ) async throws {
    let output = options.export
    var start = SystemClock.monotonicNanoseconds
    let answer = try await question.ask(parameters, asker, output)
    let cold = Seconds.since(start)
    var warm: [Double] = []
    for _ in 0..<options.runs {
      let shifted = parameters.shifted(byMinutes: shifts.next())
      start = SystemClock.monotonicNanoseconds
      _ = try await question.ask(shifted, asker, output.map { $0 + ".shifted" })
      warm.append(Seconds.since(start))
    }
    json.beginObject()
    json.key("cold_s")
    json.double(cold)
    json.key("warm_s")
    json.beginArray()
    for time in warm { json.double(time) }
    json.endArray()
    json.key("columns")
    json.beginArray()
    for column in question.columns { json.string(column) }
    json.endArray()
    if options.printsAnswers {
      json.key("rows")
      json.raw(answer.span)
    }
    json.endObject()
  }

  private static func peakMegabytes() -> Int {
    let status = (try? readFile("/proc/self/status")) ?? []
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1_024
  }
}

/// Minutes by which ranges are shifted: the same seed, the same minutes.
struct Shifts {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> Int64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return 1 + Int64((state >> 33) % 59)
  }
}

enum Seconds {
  static func since(_ start: UInt64) -> Double {
    Double(SystemClock.monotonicNanoseconds - start) / 1e9
  }
}

func readFile(_ path: String) throws(Complaint) -> [UInt8] {
  guard let file = unsafe fopen(path, "rb") else { throw Complaint("cannot open \(path)") }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe fread(&chunk, 1, chunk.count, file)
    guard count > 0 else { return bytes }
    bytes.append(contentsOf: chunk[..<count])
  }
}

/// What is wrong with the command or the folder, for whoever runs the benchmark.
struct Complaint: Error, CustomStringConvertible {
  let description: String
  init(_ text: String) { description = text }
}
