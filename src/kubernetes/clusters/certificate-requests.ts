import { X509Certificate } from 'node:crypto';
import {
  openAuthority,
  readSigningRequest,
  type SigningRequest,
  signRequest,
} from '../../certificates/index.ts';
import { again, done, type Outcome } from '../../reconcile/index.ts';
import type { User } from '../authentication/user.ts';
import { rbacAuthorizer } from '../authorization/rbac.ts';
import type { KubernetesContext } from '../context.ts';
import { conditionsOf, hasCondition } from '../kinds/certificate-signing-request.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
  timestamp,
} from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { controlPlaneKey, controlPlanes } from '../records.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { openAuthorityOf } from './keys.ts';

const requests = resourceNamed('certificates.k8s.io', 'certificatesigningrequests');
const hourMs = 60 * 60 * 1_000;
/** As upstream: what was decided goes after an hour, what nobody decides after a day. */
const decidedForMs = hourMs;
const pendingForMs = 24 * hourMs;
const longestMs = 365 * 24 * hourMs;
/** Clocks of clients may be late. */
const earlierMs = 5 * 60_000;

/** What to do about a request. */
type Step =
  | { readonly type: 'approve'; readonly message: string }
  | { readonly type: 'fail'; readonly message: string }
  | { readonly type: 'remove' }
  | { readonly type: 'sign' }
  | { readonly type: 'wait'; readonly forMs: number };

/**
 * @param wanted Undefined: what is asked for cannot be read.
 * @param may Whether the requester may `create` a subresource of signing requests: so are nodes told from others.
 */
export function nextStep(
  request: KubernetesObject,
  wanted: SigningRequest | undefined,
  now: number,
  may: (subresource: string) => boolean,
): Step {
  const left = leftMs(request, now);
  if (left <= 0) return { type: 'remove' };
  const wait: Step = { type: 'wait', forMs: left };
  const spec = memberOf(request, 'spec');
  const rule = signers[textOf(spec, 'signerName')];
  const isEnded =
    hasCondition(request, 'Denied') ||
    hasCondition(request, 'Failed') ||
    textOf(memberOf(request, 'status'), 'certificate') !== '';
  if (rule === undefined || isEnded) return wait;
  const usages = listOf(spec, 'usages').map(String);
  const problem = wanted === undefined ? 'the request cannot be read' : rule(wanted, usages);
  if (hasCondition(request, 'Approved'))
    return problem === undefined ? { type: 'sign' } : { type: 'fail', message: problem };
  if (problem !== undefined) return wait;
  if (textOf(spec, 'signerName') === kubeletServing && wanted !== undefined && isOwnName(spec, wanted))
    return {
      type: 'approve',
      message: 'Auto approving kubelet serving certificate: it is for the name of the node that asks.',
    };
  if (textOf(spec, 'signerName') !== kubeletClient) return wait;
  if (textOf(spec, 'username') === wanted?.commonName && may('selfnodeclient'))
    return {
      type: 'approve',
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    };
  if (may('nodeclient'))
    return {
      type: 'approve',
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    };
  return wait;
}

/**
 * A node asks for its own name and for nothing else. Its addresses prove nothing: a node itself says what they are, and a
 * certificate for one could be shown where others look for the API server.
 */
function isOwnName(spec: JsonObject, { commonName, alternativeNames }: SigningRequest): boolean {
  const isNode = listOf(spec, 'groups').includes('system:nodes');
  const own = commonName.slice('system:node:'.length);
  return (
    isNode &&
    textOf(spec, 'username') === commonName &&
    alternativeNames.every(({ type, value }) => type === 'dns' && value === own)
  );
}

/** How long a request stays; 0 and less: no longer. */
function leftMs(request: KubernetesObject, now: number): number {
  const certificate = textOf(memberOf(request, 'status'), 'certificate');
  const since = (time: string): number => now - Date.parse(time);
  const left = conditionsOf(request)
    .filter((it) => ['Approved', 'Denied', 'Failed'].includes(textOf(it, 'type')))
    .map((it) => decidedForMs - since(textOf(it, 'lastUpdateTime')))
    .filter((it) => !Number.isNaN(it));
  left.push(
    left.length > 0
      ? Number.POSITIVE_INFINITY
      : pendingForMs - since(request.metadata.creationTimestamp ?? ''),
  );
  const until = expiryOf(certificate);
  if (until !== undefined) left.push(until - now);
  return Math.min(...left);
}

function expiryOf(base64: string): number | undefined {
  if (base64 === '') return undefined;
  try {
    return Date.parse(new X509Certificate(Buffer.from(base64, 'base64')).validTo);
  } catch {
    // Another signer's may be of another form.
    return undefined;
  }
}

const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet';
const kubeletServing = 'kubernetes.io/kubelet-serving';
const ofClients = ['digital signature', 'key encipherment', 'client auth'];

/** What is wrong with a request, by its signer; undefined: nothing. Other signers sign for themselves. */
const signers: Readonly<
  Record<string, (request: SigningRequest, usages: readonly string[]) => string | undefined>
> = {
  'kubernetes.io/kube-apiserver-client': ({ organizations }, usages) => {
    const other = usages.find((usage) => !ofClients.includes(usage));
    if (other !== undefined) return `invalid usage for client certificate: ${other}`;
    if (!usages.includes('client auth')) return 'missing required usage for client certificate: client auth';
    return organizations.includes('system:masters') ? 'the group system:masters is not allowed' : undefined;
  },
  [kubeletClient]: (request, usages) => {
    const [name] = request.alternativeNames;
    return (
      problemOfNode(request) ??
      (name === undefined ? undefined : `${kindOfName(name.type)} subjectAltNames are not allowed`) ??
      problemOfUsages(usages, 'client auth')
    );
  },
  [kubeletServing]: (request, usages) => {
    const types = request.alternativeNames.map(({ type }) => type);
    const other = types.find((type) => type !== 'dns' && type !== 'ip');
    return (
      problemOfNode(request) ??
      (types.length === 0 ? 'DNS or IP subjectAltName is required' : undefined) ??
      (other === undefined ? undefined : `${kindOfName(other)} subjectAltNames are not allowed`) ??
      problemOfUsages(usages, 'server auth')
    );
  },
};

const kindOfName = (type: string): string => ({ email: 'email', url: 'URI' })[type] ?? type.toUpperCase();

function problemOfNode({ commonName, organizations }: SigningRequest): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes')
    return 'subject organization is not system:nodes';
  return commonName.startsWith('system:node:') && commonName !== 'system:node:'
    ? undefined
    : 'subject common name does not begin with system:node:';
}

/** Just these, with `key encipherment` or without. */
function problemOfUsages(usages: readonly string[], purpose: string): string | undefined {
  const wanted = ['digital signature', purpose];
  const given = new Set(usages.filter((usage) => usage !== 'key encipherment'));
  return given.size === wanted.length && wanted.every((usage) => given.has(usage))
    ? undefined
    : `usages did not match [${purpose} digital signature key encipherment]`;
}

/** One step for a request. What somebody else writes at the same time asks again. */
export async function takeStep(
  context: KubernetesContext,
  place: ClusterPlace,
  name: string,
): Promise<Outcome> {
  const { store, state, clock } = context;
  const objects = new ObjectStore(store, place);
  const present = await objects.get(requests, undefined, name);
  if (present === undefined) return done;
  const { object } = present;
  const user = requesterOf(memberOf(object, 'spec'));
  const authorizer = rbacAuthorizer(state, place);
  const wanted = readRequest(object);
  const step = nextStep(object, wanted, clock.now(), (subresource) =>
    authorizer.allows(user, {
      ...{ isResource: true, verb: 'create', group: requests.group, resource: requests.name },
      ...{ subresource, namespace: '', name: '' },
    }),
  );
  switch (step.type) {
    case 'wait':
      return Number.isFinite(step.forMs) ? again(Math.min(step.forMs, hourMs)) : done;
    case 'remove':
      await objects.delete(present);
      return done;
    case 'approve':
      await objects.update(
        present,
        withCondition(object, clock.now(), 'Approved', 'AutoApproved', step.message),
      );
      return done;
    case 'fail':
      await objects.update(
        present,
        withCondition(object, clock.now(), 'Failed', 'SignerValidationFailure', step.message),
      );
      return done;
    case 'sign': {
      const certificate = await signed(context, place, object, wanted);
      if (certificate === undefined) return done;
      const status = {
        ...memberOf(object, 'status'),
        certificate: Buffer.from(certificate).toString('base64'),
      };
      await objects.update(present, { ...object, status });
      return done;
    }
  }
}

function readRequest(object: KubernetesObject): SigningRequest | undefined {
  const text = Buffer.from(textOf(memberOf(object, 'spec'), 'request'), 'base64').toString('latin1');
  try {
    return readSigningRequest(text);
  } catch {
    return undefined;
  }
}

async function signed(
  context: KubernetesContext,
  place: ClusterPlace,
  object: KubernetesObject,
  wanted: SigningRequest | undefined,
): Promise<string | undefined> {
  const { state, clock, random } = context;
  const record = state.get(controlPlanes, controlPlaneKey(place));
  if (record === undefined || wanted === undefined) return undefined;
  const spec = memberOf(object, 'spec');
  const askedMs = numberOf(spec, 'expirationSeconds') * 1_000 || longestMs;
  const now = clock.now();
  return signRequest(openAuthority(openAuthorityOf(context, place, record)), random, wanted, {
    usages: listOf(spec, 'usages').map(String),
    ...{ notBefore: now - earlierMs, notAfter: now + Math.min(askedMs, longestMs) },
  });
}

const requesterOf = (spec: JsonObject): User => ({
  username: textOf(spec, 'username'),
  groups: listOf(spec, 'groups').map(String),
});

function withCondition(
  object: KubernetesObject,
  now: number,
  type: string,
  reason: string,
  message: string,
): KubernetesObject {
  const at = timestamp(now);
  const condition = {
    ...{ type, status: 'True', reason, message },
    lastUpdateTime: at,
    lastTransitionTime: at,
  };
  const status = memberOf(object, 'status');
  return {
    ...object,
    status: { ...status, conditions: [...listOf(status, 'conditions').filter(isJsonObject), condition] },
  };
}
