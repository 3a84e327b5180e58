import { type NewAuthority, newAuthority } from '../../certificates/index.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { authorityPurpose, type ControlPlaneRecord, frontProxyPurpose, tokenKeyPurpose } from '../records.ts';

const authorityDays = 10 * 365;

/** The authority of a cluster that has none yet. */
export const makeAuthority = ({ random, clock }: KubernetesContext, { id }: ClusterPlace) =>
  newAuthority(random, clock.now(), { commonName: `kubernetes ${id}`, days: authorityDays });

/** As it was kept. @throws {Error} another installation sealed it. */
export function openAuthorityOf(
  { sealer }: KubernetesContext,
  { id }: ClusterPlace,
  { certificateAuthority: certificate, sealedKey }: ControlPlaneRecord,
): NewAuthority {
  const privateKey = sealer.open(sealedKey, authorityPurpose(id));
  if (privateKey === undefined) throw sealedElsewhere('authority', id);
  return { certificate, privateKey };
}

/** As it was kept. @throws {Error} another installation sealed it. */
export function openFrontProxyOf(
  { sealer }: KubernetesContext,
  { id }: ClusterPlace,
  { certificateAuthority: certificate, sealedKey }: NonNullable<ControlPlaneRecord['frontProxy']>,
): NewAuthority {
  const privateKey = sealer.open(sealedKey, frontProxyPurpose(id));
  if (privateKey === undefined) throw sealedElsewhere('front proxy', id);
  return { certificate, privateKey };
}

/** PKCS #8 in PEM, as it was kept. @throws {Error} another installation sealed it. */
export function openTokenKeyOf(
  { sealer }: Pick<KubernetesContext, 'sealer'>,
  { id }: ClusterPlace,
  { sealedKey }: NonNullable<ControlPlaneRecord['tokens']>,
): string {
  const key = sealer.open(sealedKey, tokenKeyPurpose(id));
  if (key === undefined) throw sealedElsewhere('tokens', id);
  return key;
}

const sealedElsewhere = (whose: string, id: string): Error =>
  new Error(
    `The key of the ${whose} of cluster ${id} cannot be opened: it was sealed by another installation`,
  );
