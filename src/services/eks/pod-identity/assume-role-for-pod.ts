import { type Random, uuid } from '../../../clock/index.ts';
import { Refusal } from '../../../protocols/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { clusterArn, podIdentityArn, type Scope } from '../arn.ts';
import { clusterKey, clusters } from '../records.ts';
import { type PodIdentityRecord, podIdentities, podIdentityKey } from './record.ts';

/** What EKS Auth is given by the composition root. */
export interface EksAuthContext {
  readonly state: Reader;
  readonly random: Random;
  /** Whose a token is. Undefined: the cluster's control plane does not run here. */
  readonly podOfToken: (
    cluster: Scope & { readonly id: string },
    token: string,
    audience: string,
  ) => Promise<TokenOwner | UnownedToken | undefined>;
  readonly assumeRole: (asked: PodRole) => AssumedPodRole | { readonly message: string };
}

interface TokenOwner {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly podName: string;
  readonly podUid: string;
}

interface UnownedToken {
  readonly why: 'expired' | 'invalid';
  readonly message: string;
}

/** A role for one pod, on behalf of its cluster. */
export interface PodRole {
  readonly scope: Scope;
  readonly roleArn: string;
  /** The cluster's ARN. */
  readonly sourceArn: string;
  readonly sessionName: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface AssumedPodRole {
  readonly assumedRoleArn: string;
  readonly assumedRoleId: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** Epoch milliseconds. */
    readonly expiresAt: number;
  };
}

/** The answer of AssumeRoleForPodIdentity, as its JSON is. */
export interface PodIdentityAnswer {
  readonly subject: { readonly namespace: string; readonly serviceAccount: string };
  readonly audience: string;
  readonly podIdentityAssociation: { readonly associationArn: string; readonly associationId: string };
  readonly assumedRoleUser: { readonly arn: string; readonly assumeRoleId: string };
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** Epoch seconds. */
    readonly expiration: number;
  };
}

const audience = 'pods.eks.amazonaws.com';
const maxTokenLength = 16_384;
const threeParts = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const maxSessionName = 64;

/**
 * Credentials of the role that the pods of a ServiceAccount are associated with, for whoever shows a pod's token. The
 * caller is a node's agent; the token alone says which pod it is for.
 * @throws {Refusal} InvalidParameterException, InvalidTokenException, ExpiredTokenException, ResourceNotFoundException,
 * AccessDeniedException, ServiceUnavailableException.
 */
export async function assumeRoleForPodIdentity(
  { state, random, podOfToken, assumeRole }: EksAuthContext,
  { clusterName, token }: { readonly clusterName: string; readonly token: unknown },
  call: Call,
): Promise<PodIdentityAnswer> {
  if (typeof token !== 'string' || token.length > maxTokenLength || !threeParts.test(token))
    throw refusal('InvalidParameterException', 'The token must consist of three parts in base64url.');
  const cluster = state.get(clusters, clusterKey(call, clusterName));
  if (cluster === undefined)
    throw refusal('ResourceNotFoundException', `No cluster found for name: ${clusterName}.`);
  const pod = await podOfToken({ ...call, id: cluster.id }, token, audience);
  if (pod === undefined)
    throw refusal('ServiceUnavailableException', `The control plane of ${clusterName} does not answer.`);
  if ('why' in pod) {
    const code = pod.why === 'expired' ? 'ExpiredTokenException' : 'InvalidTokenException';
    throw refusal(code, `The token is refused: ${pod.message}.`);
  }
  const { namespace, serviceAccount } = pod;
  const association = state.get(podIdentities, podIdentityKey(call, clusterName, namespace, serviceAccount));
  if (association === undefined) {
    throw refusal(
      'ResourceNotFoundException',
      `There is no association of the ServiceAccount ${namespace}/${serviceAccount} of the cluster ${clusterName}.`,
    );
  }
  const assumed = assumeRole(roleFor(call, association, pod, random));
  if ('message' in assumed) throw refusal('AccessDeniedException', assumed.message);
  const { expiresAt, ...credentials } = assumed.credentials;
  return {
    ...{ subject: { namespace, serviceAccount }, audience },
    podIdentityAssociation: {
      associationArn: podIdentityArn(call, association),
      associationId: association.id,
    },
    assumedRoleUser: { arn: assumed.assumedRoleArn, assumeRoleId: assumed.assumedRoleId },
    credentials: { ...credentials, expiration: expiresAt / 1_000 },
  };
}

function roleFor(
  { accountId, region }: Scope,
  { clusterName, roleArn, disableSessionTags }: PodIdentityRecord,
  { namespace, serviceAccount, podName, podUid }: TokenOwner,
  random: Random,
): PodRole {
  const scope = { accountId, region };
  const sourceArn = clusterArn(scope, clusterName);
  const id = uuid(random);
  const names = `eks-${clusterName}-${podName}`.slice(0, maxSessionName - id.length - 1);
  const tags = {
    ...{ 'eks-cluster-arn': sourceArn, 'eks-cluster-name': clusterName },
    ...{ 'kubernetes-namespace': namespace, 'kubernetes-service-account': serviceAccount },
    ...{ 'kubernetes-pod-name': podName, 'kubernetes-pod-uid': podUid },
  };
  return {
    ...{ scope, roleArn, sourceArn, sessionName: `${names}-${id}` },
    tags: disableSessionTags ? {} : tags,
  };
}

/** Those of the model of EKS Auth, with the statuses that it gives them. */
const statuses: Readonly<Record<string, number>> = {
  ResourceNotFoundException: 404,
  ServiceUnavailableException: 503,
};

const refusal = (code: string, message: string): Refusal =>
  new Refusal(code, message, { status: statuses[code] ?? 400 });
