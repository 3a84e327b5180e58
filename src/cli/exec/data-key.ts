import type { ECS } from '@aws-sdk/client-ecs';
import type { KMSClientConfig } from '@aws-sdk/client-kms';
import { dataKeyBytes, dataKeyContext } from '../../session-channel/index.ts';

/**
 * Has KMS make the data key of a session, as session-manager-plugin does, with the caller's own permissions.
 * @throws {Error} in KMS's words.
 */
export async function newSessionDataKey(
  ecs: ECS,
  config: KMSClientConfig,
  session: {
    readonly cluster: string;
    readonly task: string;
    readonly container: string | undefined;
    readonly sessionId: string;
  },
  KeyId: string,
): Promise<{ readonly plain: Buffer; readonly encrypted: Buffer }> {
  const { KMS } = await import('@aws-sdk/client-kms');
  const kms = new KMS(config);
  try {
    const { Plaintext, CiphertextBlob } = await kms.generateDataKey({
      ...{ KeyId, NumberOfBytes: dataKeyBytes },
      EncryptionContext: dataKeyContext(session.sessionId, await targetOf(ecs, session)),
    });
    if (!Plaintext || !CiphertextBlob) throw new Error('KMS answered without a key');
    return { plain: Buffer.from(Plaintext), encrypted: Buffer.from(CiphertextBlob) };
  } finally {
    kms.destroy();
  }
}

/** A container as Session Manager knows it. */
async function targetOf(
  ecs: ECS,
  { cluster, task, container }: Parameters<typeof newSessionDataKey>[2],
): Promise<string> {
  const { tasks: [found] = [] } = await ecs.describeTasks({ cluster, tasks: [task] });
  const { runtimeId } = found?.containers?.find(({ name }) => !container || name === container) ?? {};
  if (!found?.taskArn || !runtimeId) throw new Error(`Task ${task} has ended`);
  const [, clusterName, id] = /:task\/(.+)\/([^/]+)$/.exec(found.taskArn) ?? [];
  return `ecs:${clusterName}_${id}_${runtimeId}`;
}
