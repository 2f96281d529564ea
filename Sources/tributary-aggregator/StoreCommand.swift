import Aggregator
import Settings

/// `store`: what an operator asks of the files.
enum StoreCommand {
  static func check(_ invocation: Invocation) async -> Never {
    let terminal = AggregatorProgram.terminal
    let check = StoreCheckCommand(
      AggregatorProgram.folder(invocation), isJSON: invocation.isGiven("json"),
      tell: { terminal.tell($0) })
    switch await check.run() {
    case .done(let text, let isDamaged):
      terminal.print(text)
      terminal.end(isDamaged ? .negative : .success)
    case .failed(let reason, let code): terminal.fail(reason, code)
    }
  }
}
