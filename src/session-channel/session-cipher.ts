import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Random } from '../clock/index.ts';

/** What KMS is asked for: a key for each direction. */
export const dataKeyBytes = 64;
const keyBytes = dataKeyBytes / 2;
const nonceBytes = 12;
const tagBytes = 16;
/** By so much what is sealed is longer. */
export const sealBytes = nonceBytes + tagBytes;

/** With what the data key of a session is encrypted, so that it opens no other. */
export const dataKeyContext = (sessionId: string, targetId: string): Record<string, string> => ({
  'aws:ssm:SessionId': sessionId,
  'aws:ssm:TargetId': targetId,
});

/**
 * One end of a session that is encrypted from end to end, as amazon-ssm-agent and session-manager-plugin do it: AES-256-GCM with a
 * nonce for each message, which stands before it. The first half of the data key is for what the agent says, the second for what
 * the client says.
 */
export class SessionCipher {
  readonly #own: Buffer;
  readonly #other: Buffer;
  readonly #random: Random;

  /** @throws {Error} the key has another length. */
  constructor(end: 'agent' | 'client', dataKey: Buffer, random: Random) {
    if (dataKey.length !== dataKeyBytes) throw new Error(`A data key has ${dataKeyBytes} bytes`);
    const [agents, clients] = [dataKey.subarray(0, keyBytes), dataKey.subarray(keyBytes)];
    [this.#own, this.#other] = end === 'agent' ? [agents, clients] : [clients, agents];
    this.#random = random;
  }

  seal(message: Buffer): Buffer {
    const nonce = Buffer.from(this.#random.bytes(nonceBytes));
    const cipher = createCipheriv('aes-256-gcm', this.#own, nonce);
    return Buffer.concat([nonce, cipher.update(message), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws {Error} it is not what the other end has sealed. */
  open(sealed: Buffer): Buffer {
    if (sealed.length < sealBytes) throw new Error('What came is not encrypted');
    const decipher = createDecipheriv('aes-256-gcm', this.#other, sealed.subarray(0, nonceBytes));
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  }
}
