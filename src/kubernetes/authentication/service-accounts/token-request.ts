import type { Cluster } from '../../apiserver/cluster.ts';
import {
  badRequest,
  conflict,
  type FieldError,
  forbidden,
  invalid,
  invalidValue,
  notFound,
} from '../../apiserver/status.ts';
import { type JsonObject, listOf, memberOf, textOf, timestamp } from '../../objects/object.ts';
import { type Resource, resourceNamed } from '../../schema/catalogue.ts';
import { apiAudiences } from '../user.ts';
import { signToken, type TokenSubject } from './token-issuer.ts';

const defaultSeconds = 3_600;
const leastSeconds = 600;
const mostSeconds = 2 ** 32;
/** As EKS shortens them. */
const maxSeconds = 24 * 60 * 60;
/**
 * What the projected volume of a pod asks for. Clients that read it once and never again would fail when it expires, so
 * upstream gives it longer, and tells the log from when on it should have been read again; EKS gives it 90 days.
 */
const projectedSeconds = 3_607;
const extendedSeconds = 90 * 24 * 60 * 60;

const tokenRequests = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const serviceAccounts = resourceNamed('', 'serviceaccounts');
const nodes = resourceNamed('', 'nodes');

export interface TokenRequested {
  readonly body: JsonObject;
  readonly warnings: readonly string[];
}

/**
 * A token of a ServiceAccount, for whom and as long as the request asks (`serviceaccounts/<name>/token`).
 * @param node That asks; undefined: it is no node. A node's tokens live with pods of its own.
 * @throws {ApiError} 400, 403, 404, 409, 422
 */
export async function requestToken(
  { objects, clock, random, tokenIssuer }: Pick<Cluster, 'clock' | 'objects' | 'random' | 'tokenIssuer'>,
  { namespace = '', name }: { readonly namespace: string | undefined; readonly name: string },
  body: JsonObject,
  node: string | undefined,
): Promise<TokenRequested> {
  const metadata = memberOf(body, 'metadata');
  assertNamed(metadata, { namespace, name });
  const account = await objects.get(serviceAccounts, namespace, name);
  if (account === undefined) throw notFound(serviceAccounts, name);

  const spec = memberOf(body, 'spec');
  const asked = listOf(spec, 'audiences').map(String);
  const audiences = asked.length === 0 ? apiAudiences : asked;
  const given = typeof spec.expirationSeconds === 'number' ? spec.expirationSeconds : defaultSeconds;
  assertSeconds(given);
  const expirationSeconds = Math.min(given, maxSeconds);
  const warnings =
    given > maxSeconds ? [`requested expiration of ${given} seconds shortened to ${maxSeconds} seconds`] : [];
  const reference = memberOf(spec, 'boundObjectRef');
  const bound =
    spec.boundObjectRef === undefined ? {} : await boundTo({ objects }, { namespace, name }, reference);
  if (node !== undefined && bound.pod === undefined)
    throw forbidden(serviceAccounts, name, 'node requested token not bound to a pod');
  if (node !== undefined && bound.node?.name !== node)
    throw forbidden(
      serviceAccounts,
      name,
      'node requested token bound to a pod scheduled on a different node',
    );

  const now = clock.now();
  const issuedAt = Math.floor(now / 1_000);
  const isExtended =
    bound.pod !== undefined &&
    expirationSeconds === projectedSeconds &&
    audiences.every((audience) => apiAudiences.includes(audience));
  const token = await signToken(
    tokenIssuer(),
    random,
    { namespace, serviceAccount: { name, uid: account.object.metadata.uid ?? '' }, ...bound },
    {
      ...{ audiences, issuedAt },
      expiresAt: issuedAt + (isExtended ? extendedSeconds : expirationSeconds),
      ...(isExtended && { warnAfter: issuedAt + expirationSeconds }),
    },
  );
  return {
    body: {
      ...body,
      metadata: { ...metadata, name, namespace, creationTimestamp: timestamp(now) },
      spec: { ...spec, audiences, expirationSeconds },
      status: { token, expirationTimestamp: timestamp((issuedAt + expirationSeconds) * 1_000) },
    },
    warnings,
  };
}

function assertNamed(metadata: JsonObject, wanted: Readonly<Record<'name' | 'namespace', string>>): void {
  for (const field of ['name', 'namespace'] as const) {
    const given = textOf(metadata, field);
    if (given === '' || given === wanted[field]) continue;
    const what = field === 'name' ? 'name' : 'namespace';
    throw invalid(tokenRequests, wanted.name, [
      invalidValue(`metadata.${field}`, given, `must match the service account ${what} if specified`),
    ]);
  }
}

function assertSeconds(seconds: number): void {
  const field = 'spec.expirationSeconds';
  const errors: FieldError[] = [];
  if (seconds < leastSeconds)
    errors.push(invalidValue(field, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > mostSeconds)
    errors.push(invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (errors.length > 0) throw invalid(tokenRequests, '', errors);
}

const bindable: Readonly<Record<string, Resource>> = {
  Node: nodes,
  Pod: resourceNamed('', 'pods'),
  Secret: resourceNamed('', 'secrets'),
};

/** What the token lives with: the very object that is there now. */
async function boundTo(
  { objects }: Pick<Cluster, 'objects'>,
  account: { readonly namespace: string; readonly name: string },
  reference: JsonObject,
): Promise<Pick<TokenSubject, 'node' | 'pod' | 'secret'>> {
  const [kind, apiVersion, name] = [
    textOf(reference, 'kind'),
    textOf(reference, 'apiVersion'),
    textOf(reference, 'name'),
  ];
  const resource = apiVersion === 'v1' ? bindable[kind] : undefined;
  if (resource === undefined) {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const found = await objects.get(resource, account.namespace, name);
  if (found === undefined) throw notFound(resource, name);
  const { object } = found;
  const spec = memberOf(object, 'spec');
  if (kind === 'Pod' && textOf(spec, 'serviceAccountName') !== account.name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account.name)} to pod running with different serviceaccount name.`,
    );
  }
  const { uid = '' } = object.metadata;
  const wanted = textOf(reference, 'uid');
  if (wanted !== '' && wanted !== uid) {
    throw conflict(
      { group: '', name: kind },
      name,
      `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  if (kind === 'Node') return { node: { name, uid } };
  if (kind === 'Secret') return { secret: { name, uid } };
  const node = textOf(spec, 'nodeName');
  if (node === '') return { pod: { name, uid } };
  const nodeUid = (await objects.get(nodes, undefined, node))?.object.metadata.uid;
  return { pod: { name, uid }, node: { name: node, ...(nodeUid !== undefined && { uid: nodeUid }) } };
}
