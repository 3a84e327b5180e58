import type {
  AssociateEncryptionConfigCommandInput,
  AssociateEncryptionConfigResponse,
} from '@aws-sdk/client-eks';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter } from '../errors.ts';
import { madeBy } from '../input.ts';
import { updateCluster } from '../updates/update-of-cluster.ts';
import { encryptionView, newEncryption, readEncryption } from './encryption.ts';

/**
 * From now on the Secrets of a cluster are sealed; there is no way back. The update is there when those that were there before are sealed, too.
 * @throws InvalidParameterException, InvalidRequestException, ResourceInUseException, ResourceNotFoundException
 */
export async function associateEncryptionConfig(
  context: EksContext,
  input: AssociateEncryptionConfigCommandInput,
  call: Call,
): Promise<AssociateEncryptionConfigResponse> {
  const { clusterName = '', encryptionConfig } = input;
  const keyId = readEncryption(encryptionConfig);
  if (keyId === undefined) throw invalidParameter('KeyArn is required', { clusterName });
  const update = await updateCluster(
    context,
    call,
    { clusterName, request: madeBy(input) },
    (tx, cluster) => {
      if (cluster.encryption !== undefined)
        throw invalidParameter('Encryption is already enabled on the cluster', { clusterName });
      const encryption = newEncryption(context, tx, call, keyId, cluster);
      return {
        type: 'AssociateEncryptionConfig',
        params: [{ type: 'EncryptionConfig', value: JSON.stringify([encryptionView(encryption.keyArn)]) }],
        cluster: { ...cluster, encryption },
      };
    },
  );
  return { update };
}
