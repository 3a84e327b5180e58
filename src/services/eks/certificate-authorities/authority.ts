import { hash, X509Certificate } from 'node:crypto';
import type {
  ActivateCertificateAuthorityCommandInput,
  ActivateCertificateAuthorityResponse,
  CertificateAuthority,
  CertificateAuthoritySummary,
  DeleteCertificateAuthorityCommandInput,
  DeleteCertificateAuthorityResponse,
  DescribeCertificateAuthorityCommandInput,
  DescribeCertificateAuthorityResponse,
  ListCertificateAuthoritiesCommandInput,
  ListCertificateAuthoritiesResponse,
} from '@aws-sdk/client-eks';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Scope } from '../arn.ts';
import { type ControlPlane, type EksContext, requireCluster } from '../context.ts';
import { invalidParameter, resourceInUse, resourceNotFound } from '../errors.ts';
import { namedPage } from '../pages.ts';

/** Of the one that signs a cluster's certificates, and that it was made with: told by its certificate. */
export const authorityId = ({ certificateAuthority }: Pick<ControlPlane, 'certificateAuthority'>): string =>
  `ca-${hash('sha256', certificateAuthority, 'hex').slice(0, 17)}`;

/** None as long as the control plane does not answer. @throws InvalidParameterException, ResourceNotFoundException */
export function listCertificateAuthorities(
  context: EksContext,
  { clusterName = '', ...asked }: ListCertificateAuthoritiesCommandInput,
  call: Call,
): ListCertificateAuthoritiesResponse {
  const found = authorityOf(context, context.state, call, clusterName);
  const { items, ...more } = namedPage(found === undefined ? [] : [found], ({ id = '' }) => id, asked);
  return { certificateAuthorities: items.map(summaryOf), ...more };
}

/** @throws ResourceNotFoundException */
export function describeCertificateAuthority(
  context: EksContext,
  { clusterName = '', certificateAuthorityId = '' }: DescribeCertificateAuthorityCommandInput,
  call: Call,
): DescribeCertificateAuthorityResponse {
  return { certificateAuthority: requireAuthority(context, call, clusterName, certificateAuthorityId) };
}

/** It signs already. @throws InvalidParameterException, ResourceNotFoundException */
export function activateCertificateAuthority(
  context: EksContext,
  { clusterName = '', certificateAuthorityId = '' }: ActivateCertificateAuthorityCommandInput,
  call: Call,
): ActivateCertificateAuthorityResponse {
  const { id } = requireAuthority(context, call, clusterName, certificateAuthorityId);
  throw invalidParameter(`Certificate authority ${id} is the signer of the cluster already.`, {
    clusterName,
  });
}

/** Who signs can't go. @throws ResourceInUseException, ResourceNotFoundException */
export function deleteCertificateAuthority(
  context: EksContext,
  { clusterName = '', certificateAuthorityId = '' }: DeleteCertificateAuthorityCommandInput,
  call: Call,
): DeleteCertificateAuthorityResponse {
  const { id } = requireAuthority(context, call, clusterName, certificateAuthorityId);
  throw resourceInUse(`Certificate authority ${id} is the signer of the cluster and cannot be deleted.`, {
    clusterName,
  });
}

function requireAuthority(
  context: EksContext,
  scope: Scope,
  clusterName: string,
  id: string,
): CertificateAuthority {
  const found = authorityOf(context, context.state, scope, clusterName);
  if (found !== undefined && found.id === id) return found;
  throw resourceNotFound(`No certificate authority found for ID: ${id}`, { clusterName });
}

function authorityOf(
  { controlPlaneOf }: EksContext,
  reader: Reader,
  scope: Scope,
  clusterName: string,
): CertificateAuthority | undefined {
  const controlPlane = controlPlaneOf(reader, scope, requireCluster(reader, scope, clusterName).id);
  if (controlPlane === undefined) return undefined;
  const { certificateAuthority: pem } = controlPlane;
  const { validFromDate: notBefore, validToDate: notAfter } = new X509Certificate(pem);
  return {
    ...{ id: authorityId(controlPlane), createdAt: notBefore, createdBy: 'EKS' },
    ...{ activatedAt: notBefore, activatedBy: 'EKS', signingStatus: 'IN_USE' },
    ...{ distributionStatus: 'COMPLETE', validity: { notBefore, notAfter }, rollbackAvailable: false },
    data: Buffer.from(pem).toString('base64'),
  };
}

function summaryOf(authority: CertificateAuthority): CertificateAuthoritySummary {
  const { validity: _, rollbackAvailable: __, data: ___, scheduledEvents: ____, ...summary } = authority;
  return summary;
}
