import type {
  DeleteCertificateCommandInput,
  DescribeCertificateCommandInput,
  DescribeCertificateResponse,
  GetCertificateCommandInput,
  GetCertificateResponse,
  ListCertificatesCommandInput,
  ListCertificatesResponse,
} from '@aws-sdk/client-acm';
import { ascending, page } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { certificateDetail, certificateSummary, statusOf } from '../certificate-view.ts';
import { type AcmContext, requireCertificate } from '../context.ts';
import { certificateInUse, requestInProgress, unsupported, validationException } from '../errors.ts';
import { constraints } from '../input.ts';
import { type CertificateRecord, certificateKey, certificates, scopeText } from '../records.ts';

/** @throws ResourceNotFoundException, InvalidArnException */
export function describeCertificate(
  { state, usersOf }: AcmContext,
  { CertificateArn = '' }: DescribeCertificateCommandInput,
  call: Call,
): DescribeCertificateResponse {
  const record = requireCertificate(state, call, CertificateArn);
  return { Certificate: certificateDetail(record, usersOf(state, record.arn)) };
}

/** The certificate and those that vouch for it, as PEM. @throws RequestInProgressException, ResourceNotFoundException */
export function getCertificate(
  { state }: AcmContext,
  { CertificateArn = '' }: GetCertificateCommandInput,
  call: Call,
): GetCertificateResponse {
  const { issued } = requireCertificate(state, call, CertificateArn);
  if (issued === undefined) throw requestInProgress();
  return {
    Certificate: issued.certificate,
    ...(issued.chain !== '' && { CertificateChain: issued.chain }),
  };
}

/** Unless it is asked for others, those that most services take. */
const defaultKeyTypes = ['RSA_1024', 'RSA_2048'];
const maxItems = 1_000;

/** @throws ValidationException */
export function listCertificates(
  { state, usersOf }: AcmContext,
  input: ListCertificatesCommandInput,
  call: Call,
): ListCertificatesResponse {
  const { CertificateStatuses = [], Includes, MaxItems, NextToken, SortBy, SortOrder } = input;
  constraints().number('maxItems', MaxItems, { min: 1, max: maxItems }).throwIfViolated();
  if (Includes?.keyUsage?.length || Includes?.extendedKeyUsage?.length)
    throw unsupported('Filters by key usage are');
  if (SortBy !== undefined && SortOrder === undefined)
    throw validationException('A sort order must be specified with what to sort by.');
  const keyTypes = Includes?.keyTypes?.length ? Includes.keyTypes : defaultKeyTypes;
  const found = state
    .byIndex(certificates, 'scope', scopeText(call))
    .map(({ value }) => value)
    .filter(
      (record) =>
        !record.isBeingDeleted &&
        keyTypes.some((type) => type === record.keyAlgorithm) &&
        (CertificateStatuses.length === 0 || CertificateStatuses.includes(statusOf(record))),
    );
  const isDescending = SortOrder === 'DESCENDING';
  const compare = (one: string, other: string): number =>
    isDescending ? ascending(other, one) : ascending(one, other);
  const sorted = found.toSorted((one, other) => compare(placeOf(one), placeOf(other)));
  const { items, nextToken } = page(sorted, placeOf, compare, {
    limit: MaxItems ?? maxItems,
    nextToken: NextToken,
    refuse: validationException,
  });
  return {
    CertificateSummaryList: items.map((record) => certificateSummary(record, usersOf(state, record.arn))),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

const placeOf = ({ createdAt, id }: CertificateRecord): string =>
  `${String(createdAt).padStart(15, '0')} ${id}`;

/**
 * Whoever takes a certificate reads its record: so it is marked first, which those notice, and looked for users again.
 * @throws ResourceInUseException, ResourceNotFoundException, InvalidArnException
 */
export async function deleteCertificate(
  { state, usersOf }: AcmContext,
  { CertificateArn = '' }: DeleteCertificateCommandInput,
  call: Call,
): Promise<object> {
  const { key } = await state.transact((tx) => {
    const record = requireCertificate(tx, call, CertificateArn);
    if (usersOf(tx, record.arn).length > 0) throw certificateInUse(record.arn, call.accountId);
    const at = certificateKey(call, record.id);
    tx.put(certificates, at, { ...record, isBeingDeleted: true });
    return { key: at };
  });
  const isInUse = await state.transact((tx) => {
    const marked = tx.get(certificates, key);
    if (marked === undefined) return false;
    const { isBeingDeleted: _, ...record } = marked;
    const isUsed = usersOf(tx, record.arn).length > 0;
    if (isUsed) tx.put(certificates, key, record);
    else tx.delete(certificates, key);
    return isUsed;
  });
  if (isInUse) throw certificateInUse(CertificateArn, call.accountId);
  return {};
}
