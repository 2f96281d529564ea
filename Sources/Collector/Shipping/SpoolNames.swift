import Spool

/// The spool's name of an epoch, where batches have theirs too.
typealias SpoolEpoch = Epoch

/// The spool's name of a sealed batch, likewise.
typealias SpoolBatch = SealedBatch
