/**
 * AWS Certificate Manager, as far as load balancers need it: certificates that are imported, and those that the
 * installation's own authority issues to whoever of the account asks for them (`authority.ts`). The one idea to know:
 * private keys are kept sealed, and leave the room only towards those who serve them (`servedCertificate`).
 *
 * Refused by name: private authorities, export, ACME, and what needs a mailbox or the world's DNS.
 */
import type { Reader, Reconciler, State } from '../../reconcile/index.ts';
import type { Service } from '../service.ts';
import type { Scope } from './arn.ts';
import { type AcmContext, findCertificate } from './context.ts';
import { type CertificateRecord, certificates, keyPurpose } from './records.ts';

export type { AcmContext } from './context.ts';

/** Whether there is a certificate, issued or not. */
export const hasCertificate = (reader: Reader, scope: Scope, arn: string): boolean =>
  findCertificate(reader, scope, arn) !== undefined;

/** Whether a certificate can be served; in a transaction it stays guarded. */
export const hasIssuedCertificate = (reader: Reader, scope: Scope, arn: string): boolean =>
  findCertificate(reader, scope, arn)?.issued !== undefined;

/** A certificate with its key, as PEM. */
export interface ServedCertificate {
  /** The certificate first, then those that vouch for it. */
  readonly chain: string;
  readonly privateKey: string;
}

/** For whoever serves it. Undefined: there is no such certificate, or it is not issued. */
export function servedCertificate(
  { state, sealer }: Pick<AcmContext, 'state' | 'sealer'>,
  arn: string,
): ServedCertificate | undefined {
  const [, , , region = '', accountId = ''] = arn.split(':');
  const record = findCertificate(state, { accountId, region }, arn);
  if (record?.issued === undefined) return undefined;
  const { certificate, chain, sealedKey } = record.issued;
  const privateKey = sealer.open(sealedKey, keyPurpose(record.id));
  if (privateKey === undefined)
    throw new Error(`The private key of ${arn} cannot be opened: it was sealed by another installation`);
  return { chain: certificate.trimEnd().concat('\n', chain), privateKey };
}

/** Tells of every certificate that is another from now on: imported again, or renewed. */
export function onCertificatesChanged(state: State, changed: (arn: string) => void): Disposable {
  return state.subscribe<CertificateRecord>(certificates, ({ before, after }) => {
    const { arn } = after ?? before ?? {};
    if (arn !== undefined && before?.issued?.certificate !== after?.issued?.certificate) changed(arn);
  });
}

export function createAcm(context: AcmContext): Service {
  return {
    signingName: 'acm',
    loadSdk: () => import('@aws-sdk/client-acm'),
    loadOperations: async () => (await import('./operations.ts')).acmOperations(context),
  };
}

export async function loadAcmReconcilers(context: AcmContext): Promise<readonly Reconciler[]> {
  return [(await import('./reconcilers/certificate-issuance.ts')).certificateIssuance(context)];
}
