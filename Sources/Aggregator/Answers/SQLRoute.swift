import Events
import HTTP
import JSON
import Query
import SQL
import Tenancy

// What `tributary sql` asks over the control socket:
//
//   POST /sql?project=ID&rows=N, the body is the statement
//                   {"columns": […], "rows": [[…], …], "cut": null | "rows" | "bytes", "missing": […]}
//
// Without `project` it is about the only one there is.

/// SQL over the events of one project.
struct SQLRoute: Sendable {
  let answers: SQLAnswers
  let board: TenancyBoard

  func mount(on router: inout Router) {
    router.add(.post, "/sql") { request in await answer(request) }
  }

  private func answer(_ request: Request) async -> Response {
    do {
      let project = try project(of: request)
      let limit = try rowLimit(of: request)
      let body = try await request.body.collect(atMost: SQLQuestion.maximumStatementBytes)
      let statement = String(decoding: body, as: UTF8.self)
      switch try await answers.answer(SQLQuestion(statement, rowLimit: limit), of: project) {
      case .success(let answer): return .json(answer.json)
      case .failure(let problem):
        let place = problem.place.map { " (at byte \($0 + 1))" } ?? ""
        return .problem(.badRequest, "bad_statement", problem.message + place)
      }
    } catch let problem as Problem {
      return .problem(problem.status, problem.code, problem.message)
    } catch let error as BodyError {
      return .problem(error)
    } catch let error as QueryError {
      return Self.problem(error)
    } catch {
      return .problem(.internalServerError, "failed", "\(error)")
    }
  }

  private struct Problem: Error {
    let status: HTTPStatus
    let code: String
    let message: String
  }

  private func project(of request: Request) throws(Problem) -> ProjectID {
    let projects = board.current.projects
    guard let name = request.head.query("project") else {
      if projects.count == 1, let only = projects.keys.first { return only }
      let names = projects.keys.map(\.text).sorted().joined(separator: ", ")
      throw Problem(
        status: .badRequest, code: "which_project",
        message: "Say which project with `project`: \(names).")
    }
    // What is no id is nobody's.
    guard let project = try? ProjectID(name), projects[project] != nil else {
      throw Problem(
        status: .notFound, code: "unknown_project", message: "There is no project `\(name)` here.")
    }
    return project
  }

  private func rowLimit(of request: Request) throws(Problem) -> Int {
    guard let text = request.head.query("rows") else { return SQLQuestion.usualRows }
    guard let rows = Int(text), SQLQuestion.rowBounds.contains(rows) else {
      let bounds = SQLQuestion.rowBounds
      throw Problem(
        status: .badRequest, code: "bad_rows",
        message: "`rows` has to be from \(bounds.lowerBound) to \(bounds.upperBound).")
    }
    return rows
  }

  private static func problem(_ error: QueryError) -> Response {
    switch error {
    case .overBudget:
      .problem(
        .unprocessableContent, "too_much_memory",
        "The statement wants more than \(SQLAnswers.limits.memoryBytes >> 20) MiB: bound `cts`, "
          + "or group by less.")
    case .deadlineExceeded:
      .problem(
        .unprocessableContent, "too_slow",
        "The statement took more than \(SQLAnswers.limits.time.components.seconds) s: bound `cts` "
          + "or `event_name`, which say what is read at all.")
    case .cancelled: .problem(.serviceUnavailable, "cancelled", "Nobody waits for the answer.")
    default: .problem(.internalServerError, "unreadable", "\(error)")
    }
  }
}
