/** So much is written at once: a long answer keeps nobody else waiting for it. */
const pieceBytes = 256 * 1024;
/** A character has at most so many bytes in UTF-8. */
const mostBytes = 3;

/**
 * A text in UTF-8, a piece at a time: of a quarter of a MiB where its parts are short, and whoever does not take the next one
 * has only this one made.
 */
export function* piecesOf(parts: Iterable<string>): Generator<Buffer, void> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes);
  let length = 0;
  for (const part of parts) {
    const most = part.length * mostBytes;
    if (length > 0 && length + most > pieceBytes) {
      yield piece.subarray(0, length);
      piece = Buffer.allocUnsafeSlow(pieceBytes);
      length = 0;
    }
    if (most > pieceBytes) yield Buffer.from(part);
    else length += piece.write(part, length);
  }
  if (length > 0) yield piece.subarray(0, length);
}
