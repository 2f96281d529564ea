import Calendar
import JSON
import Kernels
import Query
import QueryJSON

/// Questions in the JSON form of the API, and their answers as the API writes them; for questions that
/// are made by chance.
struct QuestionFile {
  let project: String
  private let questions: [JSONValue]

  /// `{"project": …, "questions": […]}`
  init(_ bytes: [UInt8]) throws {
    let value = try JSONValue(parsing: bytes.span)
    guard let project = value["project"]?.string, let questions = value["questions"]?.array else {
      throw Complaint("a file of questions is {\"project\": …, \"questions\": […]}")
    }
    self.project = project
    self.questions = questions
  }

  /// One JSON object for each question; what cannot be asked has its reason under `error`.
  func answers(of asker: Asker) async throws -> [UInt8] {
    let context = QuestionContext(now: asker.now, zones: ZoneFiles())
    var json = JSONWriter(capacity: 1 << 16)
    json.beginArray()
    for question in questions {
      do {
        let bytes = try await answer(try AnyQuestion(question, in: context), asker)
        json.raw(bytes.span)
      } catch {
        json.beginObject()
        json.key("error")
        json.string("\(error)")
        json.endObject()
      }
    }
    json.endArray()
    return json.bytes
  }

  private func answer(_ question: AnyQuestion, _ asker: Asker) async throws -> [UInt8] {
    var json = JSONWriter()
    switch question {
    case .series(let question):
      let answer = try await asker.answers.answer(
        question, from: asker.snapshot, asOf: asker.now
      ).answer
      try answer.write(to: &json, of: asker.project)
    default: throw Complaint("nobody answers this sort of question yet")
    }
    return json.bytes
  }
}
