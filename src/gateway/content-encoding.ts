import { gunzipSync } from 'node:zlib';
import { Refusal } from '../protocols/index.ts';
import type { RequestHead } from './signature.ts';

/**
 * A body as its sender meant it: SDKs compress the long requests of some operations (PutMetricData). The
 * signature is over the compressed bytes, so this comes after it.
 * @throws {Refusal} it is not what its head says, or longer than `maxBytes` when unpacked.
 */
export function decodedBody({ headers }: RequestHead, body: Buffer, maxBytes: number): Buffer {
  const encoding = headers['content-encoding'];
  if (encoding !== 'gzip') return body;
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new Refusal(
        'RequestEntityTooLargeException',
        `The request body is too large when unpacked: the limit is ${maxBytes} bytes`,
        { status: 413, cause },
      );
    }
    throw new Refusal('SerializationException', 'The request body is not valid gzip', { status: 400, cause });
  }
}
