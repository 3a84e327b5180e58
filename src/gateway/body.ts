import type { IncomingMessage } from 'node:http';
import { Refusal } from '../protocols/index.ts';

/** The sender went away; there is nobody to answer. */
export class SenderGone extends Error {
  override readonly name = 'SenderGone';
}

const nothing = Buffer.alloc(0);

/** Beyond the limit, a body is still taken in and thrown away up to this much, so that its sender hears why. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * @throws {Refusal} the body is longer than `maxBytes`.
 * @throws {SenderGone} it never came to its end.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Buffer | Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return nothing;
  if (Number(length) > maxDiscardedBytes) throw tooLarge(maxBytes);

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else if (size <= maxDiscardedBytes) chunks.length = 0;
      else {
        request.pause();
        reject(tooLarge(maxBytes));
      }
    });
    request.on('end', () => {
      if (size > maxBytes) reject(tooLarge(maxBytes));
      else resolve(chunks.length === 1 ? (chunks[0] ?? nothing) : Buffer.concat(chunks, size));
    });
    request.on('error', (cause) => reject(new SenderGone('The request ended before its body', { cause })));
    request.on('close', () => {
      if (!request.readableEnded) reject(new SenderGone('The request ended before its body'));
    });
  });
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(
    'RequestEntityTooLargeException',
    `The request body is too large: the limit is ${maxBytes} bytes`,
    { status: 413 },
  );
}
