import { type Draft, ensured, itemsOf } from '../../kinds/kind.ts';
import type { JsonObject, KubernetesObject } from '../../objects/object.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

/** What EKS knows of the roles of a cluster's pods. */
export interface PodIdentities {
  readonly region: string;
  /** Whether the pods of a ServiceAccount have a Pod Identity association. */
  hasAssociation(serviceAccount: { readonly namespace: string; readonly serviceAccount: string }): boolean;
}

const pods = resourceNamed('', 'pods');
const serviceAccounts = resourceNamed('', 'serviceaccounts');

const prefix = 'eks.amazonaws.com/';
const skipLabel = `${prefix}skip-pod-identity-webhook`;
const maxTokenSeconds = 86_400;
const minTokenSeconds = 600;

/** How the containers of a pod come to credentials: a token in a file, and where to go with it. */
interface Identity {
  readonly volume: string;
  readonly mountPath: string;
  readonly token: { readonly audience: string; readonly expirationSeconds: number; readonly path: string };
  /** Left alone where a container says one of them itself. */
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly isRegional: boolean;
  readonly skippedContainers: ReadonlySet<string>;
}

/**
 * What EKS's `pod-identity-webhook` makes of a new pod whose ServiceAccount has a role: by a Pod Identity association, else
 * by its annotation `eks.amazonaws.com/role-arn` (EKS user guide, "Configure Pods to use a Kubernetes service account").
 */
export function podIdentity({
  objects,
  identities,
}: {
  readonly objects: ObjectStore;
  readonly identities: PodIdentities;
}): Plugin {
  return {
    name: 'pod-identity-webhook.amazonaws.com',
    handles: ({ operation, resource, subresource }) =>
      operation === 'CREATE' && resource === pods && subresource === undefined,
    mutate: async ({ draft, namespace = '' }) => {
      if (draft === undefined || textsOf(draft.metadata.labels).has(skipLabel)) return undefined;
      const spec = ensured(draft, 'spec');
      const serviceAccount = String(spec.serviceAccountName ?? 'default');
      if (identities.hasAssociation({ namespace, serviceAccount })) {
        give(spec, byAssociation, identities.region);
        return undefined;
      }
      const found = await objects.get(serviceAccounts, namespace, serviceAccount);
      const identity = found && byAnnotation(found.object, draft);
      if (identity !== undefined) give(spec, identity, identities.region);
      return undefined;
    },
  };
}

const associationMount = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
const byAssociation: Identity = {
  volume: 'eks-pod-identity-token',
  mountPath: associationMount,
  token: {
    ...{ audience: 'pods.eks.amazonaws.com', expirationSeconds: maxTokenSeconds },
    path: 'eks-pod-identity-token',
  },
  env: [
    ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.23/v1/credentials'],
    ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', `${associationMount}/eks-pod-identity-token`],
  ],
  isRegional: true,
  skippedContainers: new Set(),
};

const annotationMount = '/var/run/secrets/eks.amazonaws.com/serviceaccount';

/** Undefined: the ServiceAccount has no role. What the pod says of the token's life goes before what its account says. */
function byAnnotation(serviceAccount: KubernetesObject, pod: Draft): Identity | undefined {
  const ofAccount = textsOf(serviceAccount.metadata.annotations);
  const ofPod = textsOf(pod.metadata.annotations);
  const roleArn = ofAccount.get(`${prefix}role-arn`);
  if (roleArn === undefined || roleArn === '') return undefined;
  const seconds = Number(
    ofPod.get(`${prefix}token-expiration`) ?? ofAccount.get(`${prefix}token-expiration`) ?? maxTokenSeconds,
  );
  return {
    ...{ volume: 'aws-iam-token', mountPath: annotationMount },
    token: {
      audience: ofAccount.get(`${prefix}audience`) ?? 'sts.amazonaws.com',
      expirationSeconds: Number.isInteger(seconds)
        ? Math.min(Math.max(seconds, minTokenSeconds), maxTokenSeconds)
        : maxTokenSeconds,
      path: 'token',
    },
    env: [
      ['AWS_ROLE_ARN', roleArn],
      ['AWS_WEB_IDENTITY_TOKEN_FILE', `${annotationMount}/token`],
    ],
    isRegional: ofAccount.get(`${prefix}sts-regional-endpoints`) !== 'false',
    skippedContainers: new Set(
      (ofPod.get(`${prefix}skip-containers`) ?? '').split(',').map((it) => it.trim()),
    ),
  };
}

function give(spec: Record<string, unknown>, identity: Identity, region: string): void {
  const containers = ['initContainers', 'containers'].flatMap((list) => itemsOf(spec, list));
  const meant = containers.filter(({ name }) => !identity.skippedContainers.has(String(name)));
  for (const container of meant) equip(container, identity, region);
  if (meant.length === 0 || has(spec, 'volumes', identity.volume)) return;
  const { audience, expirationSeconds, path } = identity.token;
  const volume: JsonObject = {
    name: identity.volume,
    projected: {
      sources: [{ serviceAccountToken: { audience, expirationSeconds, path } }],
      defaultMode: 0o644,
    },
  };
  spec.volumes = [volume, ...itemsOf(spec, 'volumes')];
}

function equip(container: Record<string, unknown>, identity: Identity, region: string): void {
  const { env, isRegional, mountPath, volume } = identity;
  const isSaid = ([name]: readonly [string, string]): boolean => has(container, 'env', name);
  const added: (readonly [string, string])[] = [];
  if (isRegional) added.push(['AWS_STS_REGIONAL_ENDPOINTS', 'regional']);
  // Whoever names one region means it.
  const ofRegion = [['AWS_DEFAULT_REGION', region] as const, ['AWS_REGION', region] as const];
  if (!ofRegion.some(isSaid)) added.push(...ofRegion);
  if (!env.some(isSaid)) added.push(...env);
  container.env = [
    ...itemsOf(container, 'env'),
    ...added.filter((it) => !isSaid(it)).map(([name, value]) => ({ name, value })),
  ];
  if (has(container, 'volumeMounts', volume)) return;
  container.volumeMounts = [
    ...itemsOf(container, 'volumeMounts'),
    { name: volume, readOnly: true, mountPath },
  ];
}

const has = (parent: Record<string, unknown>, list: string, wanted: string): boolean =>
  itemsOf(parent, list).some(({ name }) => name === wanted);

/** Labels or annotations, as far as they are texts. */
function textsOf(members: unknown): ReadonlyMap<string, string> {
  const entries = typeof members === 'object' && members !== null ? Object.entries(members) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
