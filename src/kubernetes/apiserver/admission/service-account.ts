import type { Clock, Random } from '../../../clock/index.ts';
import { ensured, itemsOf } from '../../kinds/kind.ts';
import { generatedName } from '../../objects/generated-name.ts';
import {
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  textOf,
} from '../../objects/object.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Changeable, Plugin, Proposed } from './attributes.ts';

const pods = resourceNamed('', 'pods');
const serviceAccounts = resourceNamed('', 'serviceaccounts');

const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Of a namespace that has just been made, the ServiceAccount `default` is about to be. */
const mostLooks = 10;
const lookAgainMs = 100;

export interface ServiceAccountContext {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Every pod has a ServiceAccount that is there, and what it gives: the secrets to pull images with, and a token of it in each
 * container, where the API's clients look for one.
 */
export function serviceAccountPlugin(context: ServiceAccountContext): Plugin {
  return {
    name: 'ServiceAccount',
    handles: ({ resource, operation, subresource }) =>
      resource === pods && operation === 'CREATE' && subresource === undefined,
    mutate: async (attributes) => {
      if (attributes.draft !== undefined) await serve(context, attributes, ensured(attributes.draft, 'spec'));
      return undefined;
    },
    validate: async (attributes) => {
      await assertMountable(context, attributes);
      return undefined;
    },
  };
}

async function serve(
  context: ServiceAccountContext,
  attributes: Changeable,
  spec: Record<string, unknown>,
): Promise<void> {
  spec.serviceAccountName ??= 'default';
  const account = await accountOf(context, attributes, String(spec.serviceAccountName));
  if (itemsOf(spec, 'imagePullSecrets').length === 0) {
    const secrets = listOf(account, 'imagePullSecrets');
    if (secrets.length > 0) spec.imagePullSecrets = structuredClone(secrets);
  }
  const isMounted = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (isMounted !== false) mountToken(context.random, spec);
}

/** @throws {ApiError} 403 */
async function accountOf(
  { objects, clock }: Pick<ServiceAccountContext, 'clock' | 'objects'>,
  { namespace = '', name }: Pick<Changeable, 'name' | 'namespace'>,
  account: string,
): Promise<KubernetesObject> {
  const looks = account === 'default' ? mostLooks : 1;
  for (let look = 1; ; look++) {
    const found = await objects.get(serviceAccounts, namespace, account);
    if (found !== undefined) return found.object;
    if (look === looks) break;
    await clock.sleep(lookAgainMs);
  }
  throw forbidden(
    pods,
    name,
    `error looking up service account ${namespace}/${account}: serviceaccount ${JSON.stringify(account)} not found`,
  );
}

/** Into every container that has nothing there. One that is there already from an earlier round serves. */
function mountToken(random: Random, spec: Record<string, unknown>): void {
  const volumes = itemsOf(spec, 'volumes');
  const present = volumes.find(({ name }) => String(name).startsWith(volumePrefix))?.name;
  const name = present ?? generatedName(random, volumePrefix);
  let isNeeded = false;
  for (const container of [...itemsOf(spec, 'initContainers'), ...itemsOf(spec, 'containers')]) {
    const mounts = itemsOf(container, 'volumeMounts');
    if (mounts.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    isNeeded = true;
  }
  if (!isNeeded || present !== undefined) return;
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3_607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: {
        items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
      },
    },
  ];
  spec.volumes = [...volumes, { name, projected: { sources, defaultMode: 0o644 } }];
}

/** A ServiceAccount may say that its pods see no secrets but those that it names. @throws {ApiError} 403 */
async function assertMountable(
  context: ServiceAccountContext,
  { object, namespace, name }: Proposed,
): Promise<void> {
  const spec = memberOf(object, 'spec');
  const accountName = textOf(spec, 'serviceAccountName');
  const account = await accountOf(context, { namespace, name }, accountName);
  if (account.metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] !== 'true') return;
  const named = (of: string) => objectsIn(account, of).map((it) => textOf(it, 'name'));
  const [mountable, pullable] = [named('secrets'), named('imagePullSecrets')];
  const refuse = (what: string, secret: string): void => {
    if (secret === '' || mountable.includes(secret)) return;
    throw forbidden(
      pods,
      name,
      `${what}=${JSON.stringify(secret)} is not allowed because service account ${accountName} does not reference that secret`,
    );
  };
  for (const volume of objectsIn(spec, 'volumes'))
    refuse('volume with secret.secretName', textOf(memberOf(volume, 'secret'), 'secretName'));
  for (const container of [...objectsIn(spec, 'initContainers'), ...objectsIn(spec, 'containers')]) {
    const own = textOf(container, 'name');
    for (const variable of objectsIn(container, 'env')) {
      const secret = textOf(memberOf(memberOf(variable, 'valueFrom'), 'secretKeyRef'), 'name');
      refuse(
        `container ${own} with envVar ${textOf(variable, 'name')} referencing secret.secretName`,
        secret,
      );
    }
    for (const source of objectsIn(container, 'envFrom'))
      refuse(
        `container ${own} with envFrom referencing secret.secretName`,
        textOf(memberOf(source, 'secretRef'), 'name'),
      );
  }
  for (const secret of objectsIn(spec, 'imagePullSecrets').map((it) => textOf(it, 'name')))
    if (!pullable.includes(secret)) refuse('imagePullSecret', secret);
}

const objectsIn = (of: object, list: string): readonly JsonObject[] => listOf(of, list).filter(isJsonObject);
