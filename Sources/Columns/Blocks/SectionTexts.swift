/// How a column of texts is stored: as codes of a dictionary wherever that is small enough to stay in
/// memory, because filters and groups then work on codes; else as blocks of texts.
package enum SectionTexts: Sendable {
  case dictionary(codes: EncodedColumn, lexicon: EncodedColumn)
  case blocks(EncodedColumn)

  package var byteCount: Int {
    switch self {
    case .dictionary(let codes, let lexicon): codes.byteCount + lexicon.byteCount
    case .blocks(let blocks): blocks.byteCount
    }
  }
}
