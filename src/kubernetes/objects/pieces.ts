/** So much is written at once: a long answer keeps nobody else waiting for it. */
const pieceBytes = 256 * 1024;
/** A character has at most so many bytes in UTF-8. */
const mostBytes = 3;

/** The size of a chunk of HTTP/1.1 in so many digits, a line each side. */
const sizeDigits = 8;
const lineEnd = '\r\n';
const headBytes = sizeDigits + lineEnd.length;
const lastChunk = `0${lineEnd}${lineEnd}`;

/** Room for a piece; it may be that of an earlier one which nobody has any more. */
export type PieceRoom = () => Buffer;

const newRoom: PieceRoom = () => Buffer.allocUnsafeSlow(pieceBytes + headBytes + lineEnd.length);

/** So many pieces' room in turns: one is with whoever takes it while the next is made. */
export function roomInTurns(count = 2): PieceRoom {
  const rooms: Buffer[] = [];
  let next = 0;
  return () => {
    rooms[next] ??= newRoom();
    const room = rooms[next] as Buffer;
    next = (next + 1) % count;
    return room;
  };
}

/**
 * A text in UTF-8, a piece at a time: of a quarter of a MiB where its parts are short, and whoever does not take the next one
 * has only this one made.
 * @param isChunked Each is a whole chunk of HTTP/1.1, and the last of all comes after them.
 */
export function* piecesOf(
  parts: Iterable<string>,
  { isChunked = false, room = newRoom }: { readonly isChunked?: boolean; readonly room?: PieceRoom } = {},
): Generator<Buffer, void> {
  const start = isChunked ? headBytes : 0;
  let piece = room();
  let end = start;
  const finished = (): Buffer => {
    if (!isChunked) return piece.subarray(0, end);
    piece.write(sizeLine(end - start), 'latin1');
    end += piece.write(lineEnd, end, 'latin1');
    return piece.subarray(0, end);
  };
  for (const part of parts) {
    const most = part.length * mostBytes;
    if (end > start && end - start + most > pieceBytes) {
      yield finished();
      piece = room();
      end = start;
    }
    if (most <= pieceBytes) end += piece.write(part, end);
    else if (isChunked) {
      const head = sizeLine(Buffer.byteLength(part));
      yield Buffer.from(head + part + lineEnd);
    } else yield Buffer.from(part);
  }
  if (end > start) yield finished();
  if (isChunked) yield Buffer.from(lastChunk);
}

const sizeLine = (bytes: number): string => bytes.toString(16).padStart(sizeDigits, '0') + lineEnd;
