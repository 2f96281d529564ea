import Batches
import Crypto
import HTTP
import Platform
import Settings
import Spool
import Telemetry
import Tenancy

/// All that an enrolled collector needs to ship, put together.
struct Shipping: Sendable {
  private let shipper: Shipper
  private let greeter: Greeter
  private let bell: Bell
  private let loop: EventLoop

  init(
    _ identity: Identity, _ folder: CollectorFolder, _ configuration: Configuration, spool: Spool,
    board: ShippingBoard, book: KeyBook, loops: [EventLoop], clock: any Clock,
    random: any RandomSource, log: Log, program: String
  ) throws {
    let key: SigningKey
    do { key = try identity.signingKey() } catch {
      throw CollectorService.Failure.identity("\(error)")
    }
    Self.recall(identity, folder, book, log)
    let links = try Self.links(folder, configuration, loops)
    let hello = Hello(
      identity: identity, key: key, clock: clock, random: random, program: program)
    bell = Bell()
    loop = loops[0]
    shipper = Shipper(
      spool: spool,
      sealer: Sealer(
        worker: Worker(name: "sealer"), identity: identity, key: key, boot: hello.boot,
        clock: clock),
      identity: identity, doors: Doors(links), loop: loop, clock: clock, random: random, log: log,
      board: board, helloBell: bell)
    greeter = Greeter(
      hello: hello, links: links, spool: spool, book: book, folder: folder, shipper: shipper,
      board: board, bell: bell, loop: loop, clock: clock, random: random, log: log)
  }

  func start() {
    let shipper = shipper
    let greeter = greeter
    Task(executorPreference: loop) { await shipper.run() }
    Task(executorPreference: loop) { await greeter.run() }
  }

  func stop(within deadline: Duration) async {
    await greeter.stop()
    await shipper.stop(within: deadline)
  }

  func greetNow() { bell.ring() }

  /// What the last hello said, so that clients are known before the aggregator answers again.
  private static func recall(
    _ identity: Identity, _ folder: CollectorFolder, _ book: KeyBook, _ log: Log
  ) {
    do {
      guard let bytes = try folder.directory.read(CollectorFolder.hello, upTo: 16 << 20) else {
        return log.warning("no hello is kept: clients are not known until the aggregator answers")
      }
      book.replace(KeyRing(try Hello.read(bytes, for: identity)))
    } catch {
      log.warning("the kept hello cannot be used", ["error": .error(error)])
    }
  }

  private static func links(
    _ folder: CollectorFolder, _ configuration: Configuration, _ loops: [EventLoop]
  ) throws -> [any AggregatorLink] {
    let urls = configuration[CollectorSettings.aggregators]
    guard !urls.isEmpty else {
      throw CollectorService.Failure.setting("aggregator.urls is empty: name one with --aggregator")
    }
    let authority: [UInt8]?
    if let path = configuration[CollectorSettings.authority]?.text {
      authority = try SettingsSources.readFile(path)
    } else {
      authority = try folder.readAuthority()
    }
    let tls: TLSContext
    do { tls = try TLSContext(client: authority.map { .authorities($0) } ?? .system) } catch {
      throw CollectorService.Failure.certificate("the aggregator's authority: \(error)")
    }
    let net = SystemNet(loops: loops, resolver: Worker(name: "resolver"))
    return urls.map { HTTPLink($0, net: net, tls: $0.isSecure ? tls : nil) }
  }
}
