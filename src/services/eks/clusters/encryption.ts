import type { CreateClusterCommandInput, EncryptionConfig } from '@aws-sdk/client-eks';
import type { Transaction } from '../../../reconcile/index.ts';
import type { KeptDataKey } from '../../kms/index.ts';
import type { Call } from '../../service.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter, invalidRequest } from '../errors.ts';
import { constraints } from '../input.ts';
import type { ClusterRecord } from '../records.ts';

/** What of a cluster can be asked to be encrypted. */
const encryptable = 'secrets';

/** The key of KMS that is asked for, by its ARN or an alias; undefined: none is. @throws InvalidParameterException */
export function readEncryption(
  asked: CreateClusterCommandInput['encryptionConfig'] = [],
): string | undefined {
  constraints().list('encryptionConfig', asked, { max: 1 }).throwIfViolated();
  const [config] = asked;
  if (config === undefined) return undefined;
  const { resources = [], provider: { keyArn = '' } = {} } = config;
  if (keyArn === '') throw invalidParameter('KeyArn is required');
  if (resources.length !== 1 || resources[0] !== encryptable) {
    throw invalidParameter(
      `The resources of the encryptionConfig are invalid: [${resources.join(', ')}]. The only supported value is ${encryptable}.`,
    );
  }
  return keyArn;
}

/**
 * What the Secrets of a cluster are sealed with from now on: a data key under a key of KMS, of the cluster's region, that can be used, and
 * whose use the caller may grant ("Encrypt Kubernetes secrets with KMS", EKS user guide).
 * @throws InvalidParameterException, InvalidRequestException
 */
export function newEncryption(
  { grantDataKey }: Pick<EksContext, 'grantDataKey'>,
  tx: Transaction,
  call: Call,
  keyId: string,
  cluster: Pick<ClusterRecord, 'arn' | 'id'>,
): KeptDataKey {
  const [, region = call.region] = /^arn:aws:kms:([\w-]+):\d{12}:(?:alias|key)\/.+$/.exec(keyId) ?? [];
  const isArn = keyId.startsWith('arn:aws:kms:');
  if (!isArn && !keyId.startsWith('alias/')) throw invalidParameter(`The keyArn is invalid: ${keyId}`);
  if (region !== call.region)
    throw invalidParameter(`The KMS key must be in the region of the cluster, ${call.region}: ${keyId}`);
  const granted = grantDataKey(tx, call, { keyId, service: 'eks', about: encryptionContextOf(cluster) });
  switch (granted.type) {
    case 'granted':
      return { keyArn: granted.keyArn, dataKey: granted.dataKey };
    case 'denied':
      throw invalidRequest(`User not authorized to perform ${granted.action} operation`);
    case 'unusable':
      throw invalidParameter(`The KMS key cannot be used. ${granted.why}`);
    default:
      throw invalidParameter(`The KMS key does not exist: ${keyId}`);
  }
}

/** What the data key of a cluster is bound to: it opens no other cluster's Secrets. */
export const encryptionContextOf = ({
  arn,
  id,
}: Pick<ClusterRecord, 'arn' | 'id'>): Readonly<Record<string, string>> => ({
  'aws:eks:cluster-arn': arn,
  'aws:eks:cluster-id': id,
});

export const encryptionView = (keyArn: string): EncryptionConfig => ({
  resources: [encryptable],
  provider: { keyArn },
});
