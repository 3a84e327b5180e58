import { signLegacyToken } from '../authentication/service-accounts/token-issuer.ts';
import { openTokenKey } from '../authentication/service-accounts/token-key.ts';
import {
  accountNameAnnotation,
  accountUidAnnotation,
} from '../authentication/service-accounts/token-secrets.ts';
import type { KubernetesContext } from '../context.ts';
import { type JsonObject, type KubernetesObject, memberOf, textOf } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { ObjectStore } from '../objects/object-store.ts';
import { controlPlaneKey, controlPlanes } from '../records.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { openTokenKeyOf } from './keys.ts';

const secrets = resourceNamed('', 'secrets');
const serviceAccounts = resourceNamed('', 'serviceaccounts');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * One step for a Secret that asks for a token: filled with what it lacks, or taken away with its ServiceAccount. Of a Secret that
 * somebody else writes at the same time nothing is written: that change asks again.
 * @param key Of the Secret.
 */
export async function fillTokenSecret(
  context: KubernetesContext,
  place: ClusterPlace,
  key: string,
): Promise<void> {
  const { store, state } = context;
  const objects = new ObjectStore(store, place);
  const [namespace = '', name = ''] = key.split('/').slice(-2).map(decodeURIComponent);
  const [present, controlPlane] = [
    await objects.get(secrets, namespace, name),
    state.get(controlPlanes, controlPlaneKey(place)),
  ];
  if (present === undefined || controlPlane?.tokens === undefined) return;
  const { object } = present;
  const { annotations = {}, deletionTimestamp, finalizers = [] } = object.metadata;
  const accountName = annotations[accountNameAnnotation] ?? '';
  if (deletionTimestamp !== undefined || accountName === '') return;
  const account = (await objects.get(serviceAccounts, namespace, accountName))?.object.metadata;
  const wantedUid = annotations[accountUidAnnotation] ?? '';
  if (account === undefined || (wantedUid !== '' && wantedUid !== account.uid)) {
    // What somebody still holds goes when he lets go of it; it is worth nothing by then.
    if (finalizers.length === 0) await objects.delete(present);
    return;
  }
  const uid = account.uid ?? '';
  const data = memberOf(object, 'data');
  const token = textOf(data, 'token');
  const filled: JsonObject = {
    ...data,
    'ca.crt': base64(controlPlane.certificateAuthority),
    namespace: base64(namespace),
    token:
      token !== ''
        ? token
        : base64(
            await signLegacyToken(
              openTokenKey(openTokenKeyOf(context, place, controlPlane.tokens)),
              { namespace, serviceAccount: { name: accountName, uid } },
              name,
            ),
          ),
  };
  const isWhole =
    wantedUid === uid && Object.entries(filled).every(([field, value]) => data[field] === value);
  if (isWhole) return;
  const whole: KubernetesObject = {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [accountUidAnnotation]: uid } },
    data: filled,
  };
  await objects.update(present, whole);
}
