import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import { tokenSecretType } from '../authentication/service-accounts/token-secrets.ts';
import type { KubernetesContext } from '../context.ts';
import { objectRecords, placeOfObject, recordsPrefix } from '../objects/object-records.ts';
import { type ControlPlaneRecord, controlPlanes } from '../records.ts';

const secretRecords = objectRecords('secrets');
const accountRecords = objectRecords('serviceaccounts');

/**
 * Fills the Secrets that ask for a token of a ServiceAccount (type `kubernetes.io/service-account-token`), and takes away those
 * whose ServiceAccount is gone.
 */
export function tokenSecrets(context: KubernetesContext): Reconciler {
  return {
    name: 'kubernetes-token-secrets',
    watches: [
      watching(secretRecords, ({ key, after }) => (after?.type === tokenSecretType ? [key] : [])),
      watching(accountRecords, ({ key, before, after }) =>
        // One that is made anew under its name is another one.
        before?.metadata.uid === after?.metadata.uid ? [] : secretKeysBeside(context, key),
      ),
      watching<ControlPlaneRecord>(controlPlanes, ({ key, before }) =>
        before === undefined ? secretKeysOf(context, recordsPrefix('secrets', placeOfObject(key))) : [],
      ),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (context.state.get(secretRecords, key)?.type !== tokenSecretType) return done;
      const { fillTokenSecret } = await import('../clusters/token-secret.ts');
      await fillTokenSecret(context, placeOfObject(key), key);
      return done;
    },
  };
}

/** Of the namespace that a ServiceAccount is in. */
function secretKeysBeside(context: KubernetesContext, key: string): readonly string[] {
  const namespace = decodeURIComponent(key.split('/').at(-2) ?? '');
  return secretKeysOf(context, recordsPrefix('secrets', placeOfObject(key), namespace));
}

function secretKeysOf({ state }: KubernetesContext, prefix: string): readonly string[] {
  return [...state.list(secretRecords, prefix)]
    .filter(({ value }) => value.type === tokenSecretType)
    .map(({ key }) => key);
}
