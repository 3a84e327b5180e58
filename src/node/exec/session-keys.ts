import { dataKeyContext } from '../../session-channel/index.ts';
import type { AgentCredentials } from '../agent-credentials.ts';

export interface SessionKeysOptions {
  readonly endpoint: string;
  readonly region: string;
  /** Of the task's role, as which the agent acts in AWS. */
  credentials(taskArn: string): Promise<AgentCredentials>;
}

/** Has KMS decrypt the data keys of sessions, in the name of their tasks. */
export class SessionKeys {
  readonly #options: SessionKeysOptions;

  constructor(options: SessionKeysOptions) {
    this.#options = options;
  }

  /** @throws {Error} in KMS's words: the task may not use the key, or it was made for another session. */
  async open(
    encrypted: Buffer,
    of: {
      readonly taskArn: string;
      readonly kmsKeyId: string;
      readonly sessionId: string;
      readonly target: string;
    },
    abortSignal: AbortSignal,
  ): Promise<Buffer> {
    const { endpoint, region, credentials } = this.#options;
    const sdk = await import('@aws-sdk/client-kms');
    const client = new sdk.KMSClient({ endpoint, region, credentials: () => credentials(of.taskArn) });
    try {
      const command = new sdk.DecryptCommand({
        CiphertextBlob: encrypted,
        KeyId: of.kmsKeyId,
        EncryptionContext: dataKeyContext(of.sessionId, of.target),
      });
      const { Plaintext = new Uint8Array() } = await client.send(command, { abortSignal });
      return Buffer.from(Plaintext);
    } finally {
      client.destroy();
    }
  }
}
