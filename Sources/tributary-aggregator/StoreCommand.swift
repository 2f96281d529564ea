import Aggregator
import Settings

/// `store`: what an operator asks of the files.
enum StoreCommand {
  static func check(_ invocation: Invocation) async -> Never {
    let check = StoreCheckCommand(
      AggregatorProgram.folder(invocation), isJSON: invocation.isGiven("json"),
      tell: { AggregatorProgram.terminal.tell($0) })
    end(await check.run())
  }

  static func repair(_ invocation: Invocation) -> Never {
    let repair = StoreRepairCommand(
      AggregatorProgram.folder(invocation), isJSON: invocation.isGiven("json"))
    end(repair.run())
  }

  private static func end(_ outcome: StoreCheckCommand.Outcome) -> Never {
    let terminal = AggregatorProgram.terminal
    switch outcome {
    case .done(let text, let isDamaged):
      terminal.print(text)
      terminal.end(isDamaged ? .negative : .success)
    case .failed(let reason, let code): terminal.fail(reason, code)
    }
  }
}
