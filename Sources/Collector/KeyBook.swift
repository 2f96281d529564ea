import Intake
import Synchronization
import Tenancy

/// The keys that clients may show, as the last hello told them; nobody's before the first one.
final class KeyBook: Sendable {
  private let ring = Mutex<KeyRing?>(nil)

  var current: KeyRing? { ring.withLock { $0 } }

  func replace(_ new: KeyRing) { ring.withLock { $0 = new } }
}
