import type { CertificateDetail, CertificateSummary } from '@aws-sdk/client-acm';
import type { CertificateRecord } from './records.ts';

/** Those that a summary names. */
const summarised = 100;

/** A certificate as AWS shows it. @param users ARNs of what serves it. */
export function certificateDetail(record: CertificateRecord, users: readonly string[]): CertificateDetail {
  const { issued, origin, alternativeNames } = record;
  return {
    CertificateArn: record.arn,
    DomainName: record.domainName,
    SubjectAlternativeNames: [...alternativeNames],
    Status: statusOf(record),
    Type: origin.type,
    KeyAlgorithm: record.keyAlgorithm,
    CreatedAt: new Date(record.createdAt),
    InUseBy: [...users],
    RenewalEligibility: isRenewed(record, users) ? 'ELIGIBLE' : 'INELIGIBLE',
    Options: { CertificateTransparencyLoggingPreference: 'DISABLED', Export: 'DISABLED' },
    ...(origin.type === 'AMAZON_ISSUED' && {
      DomainValidationOptions: alternativeNames.map((DomainName) => ({
        ...{ DomainName, ValidationDomain: DomainName.replace(/^\*\./, '') },
        ValidationMethod: origin.validationMethod as 'DNS' | 'EMAIL' | 'HTTP',
        ValidationStatus: issued === undefined ? ('PENDING_VALIDATION' as const) : ('SUCCESS' as const),
      })),
    }),
    ...timesOf(record),
    ...(issued !== undefined && {
      Serial: issued.serial.toLowerCase().replace(/..(?!$)/g, '$&:'),
      Subject: issued.subject,
      Issuer: issued.issuer,
      SignatureAlgorithm: issued.signatureAlgorithm,
    }),
  };
}

export function certificateSummary(record: CertificateRecord, users: readonly string[]): CertificateSummary {
  return {
    CertificateArn: record.arn,
    DomainName: record.domainName,
    SubjectAlternativeNameSummaries: record.alternativeNames.slice(0, summarised),
    HasAdditionalSubjectAlternativeNames: record.alternativeNames.length > summarised,
    Status: statusOf(record),
    Type: record.origin.type,
    KeyAlgorithm: record.keyAlgorithm,
    InUse: users.length > 0,
    RenewalEligibility: isRenewed(record, users) ? 'ELIGIBLE' : 'INELIGIBLE',
    CreatedAt: new Date(record.createdAt),
    ...timesOf(record),
  };
}

export const statusOf = ({ issued }: CertificateRecord): 'ISSUED' | 'PENDING_VALIDATION' =>
  issued === undefined ? 'PENDING_VALIDATION' : 'ISSUED';

const isRenewed = ({ origin }: CertificateRecord, users: readonly string[]): boolean =>
  origin.type === 'AMAZON_ISSUED' && users.length > 0;

function timesOf({ origin, issued }: CertificateRecord) {
  return {
    ...(origin.type === 'IMPORTED' && { ImportedAt: new Date(origin.importedAt) }),
    ...(origin.type === 'AMAZON_ISSUED' &&
      origin.issuedAt !== undefined && { IssuedAt: new Date(origin.issuedAt) }),
    ...(issued !== undefined && {
      NotBefore: new Date(issued.notBefore),
      NotAfter: new Date(issued.notAfter),
    }),
  };
}
