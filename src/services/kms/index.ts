/**
 * AWS Key Management Service, as far as its symmetric keys: who may use them is said by their key policies and by IAM, and what they
 * encrypt says by which key. The one idea to know: key material is made here, kept sealed, and never leaves the room; whoever has the
 * ARN of a key has nothing.
 *
 * Refused by name: keys of other kinds, grants, imported material, rotation, custom stores, other regions.
 */
import type { Reconciler } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { KmsContext } from './context.ts';

export type { EncryptionContext } from './cipher.ts';
export type { KmsContext, PolicedRequest } from './context.ts';
export {
  type AskedDataKey,
  type GrantedDataKey,
  grantDataKey,
  type KeptDataKey,
  keyStateOf,
  openDataKey,
  whyKeyUnusable,
} from './service-data-keys.ts';

export function createKms(context: KmsContext): Service {
  return {
    signingName: 'kms',
    loadSdk: () => import('@aws-sdk/client-kms'),
    loadOperations: async () => (await import('./operations.ts')).kmsOperations(context),
  };
}

export async function loadKmsReconcilers(context: KmsContext): Promise<readonly Reconciler[]> {
  return [(await import('./reconcilers/key-deletion.ts')).keyDeletion(context)];
}
