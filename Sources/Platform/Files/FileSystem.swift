private import CLinux

/// What lies under a folder: how much room there is, and whether it is a disk of this machine.
package struct FileSystem: Equatable, Sendable {
  package let freeBytes: Int
  /// The kernel's magic number of the file system.
  package let type: UInt32

  package init(freeBytes: Int, type: UInt32) {
    self.freeBytes = freeBytes
    self.type = type
  }

  package init(of path: String) throws(SystemError) {
    var free: UInt64 = 0
    var type: UInt32 = 0
    try call("statfs", path) { unsafe clinux_file_system(path, &free, &type) }
    freeBytes = Int(clamping: free)
    self.type = type
  }

  /// The name of the network file system, where it is one. Their locks and their fsync do not
  /// promise what a database needs.
  package var networkName: String? {
    switch type {
    case 0x6969: "NFS"
    case 0x517B, 0xFE53_4D42, 0xFF53_4D42: "SMB"
    case 0x0102_1997: "9P"
    case 0x5346_414F, 0x6B41_4653: "AFS"
    case 0x00C3_6400: "Ceph"
    case 0x0BD0_0BD0: "Lustre"
    case 0x4750_4653: "GPFS"
    case 0x7375_7245: "Coda"
    case 0x564C: "NCP"
    default: nil
    }
  }
}
