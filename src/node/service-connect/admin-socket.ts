import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Clock } from '../../clock/index.ts';

const answerTimeoutMs = 5_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Says one command to a HAProxy by its runtime API and hears it out.
 * @param directory Where its socket is. It may have a longer name than a socket's address can.
 * @throws {Error} nobody answers there.
 */
export async function askProxy(
  clock: Clock,
  directory: string,
  socket: string,
  command: string,
): Promise<string> {
  await using place = await open(directory);
  const path =
    process.platform === 'linux' ? `/proc/self/fd/${place.fd}/${socket}` : `${directory}/${socket}`;
  const connection = connect(path);
  using _timer = clock.after(answerTimeoutMs, () =>
    connection.destroy(new Error(`The proxy did not answer '${command}' in time`)),
  );
  return await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    connection.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > maxAnswerBytes)
        connection.destroy(new Error(`The proxy's answer to '${command}' is too long`));
      else chunks.push(chunk);
    });
    connection.once('error', reject);
    connection.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    // It answers when it has heard the end of the line; what is open afterwards it keeps open.
    connection.end(`${command}\n`);
  });
}
