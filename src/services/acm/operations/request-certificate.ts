import { createHash } from 'node:crypto';
import type { RequestCertificateCommandInput, RequestCertificateResponse } from '@aws-sdk/client-acm';
import type { Call } from '../../service.ts';
import { certificateArn, newId } from '../arn.ts';
import type { AcmContext } from '../context.ts';
import { invalidDomainValidationOptions, limitExceeded, unsupported } from '../errors.ts';
import { constraints, readTags, refuseMoreThanMax } from '../input.ts';
import {
  type CertificateRecord,
  certificateKey,
  certificates,
  requestTokenKey,
  requestTokens,
} from '../records.ts';

/** "Domain names per ACM certificate" (ACM quotas). */
const maxNames = 10;
/** A token means the same request for so long. */
const tokenMs = 60 * 60 * 1_000;

const domainPattern =
  '(\\*\\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])';
const keyAlgorithms = ['RSA_2048', 'EC_prime256v1', 'EC_secp384r1'] as const;

/** It is issued by the installation's own authority (`reconcilers/certificate-issuance.ts`). @throws {Refusal} */
export async function requestCertificate(
  { state, random }: AcmContext,
  input: RequestCertificateCommandInput,
  call: Call,
): Promise<RequestCertificateResponse> {
  const wanted = readRequest(input);
  const tags = readTags(input.Tags);
  const hash = createHash('sha256')
    .update(JSON.stringify([input.IdempotencyToken, wanted]))
    .digest('hex');
  const arn = await state.transact((tx) => {
    const token = tx.get(requestTokens, requestTokenKey(call, hash));
    const isRepeated = input.IdempotencyToken !== undefined && token !== undefined && token.until > call.now;
    const before = isRepeated ? tx.get(certificates, certificateKey(call, token.id)) : undefined;
    if (before !== undefined && !before.isBeingDeleted) return before.arn;
    refuseMoreThanMax(tx, call);
    const id = newId(random);
    const record: CertificateRecord = {
      ...{ id, arn: certificateArn(call, id), ...wanted, createdAt: call.now, tags },
      origin: { type: 'AMAZON_ISSUED', validationMethod: input.ValidationMethod ?? 'EMAIL' },
    };
    tx.put(certificates, certificateKey(call, id), record);
    if (input.IdempotencyToken !== undefined)
      tx.put(requestTokens, requestTokenKey(call, hash), { id, until: call.now + tokenMs });
    return record.arn;
  });
  return { CertificateArn: arn };
}

function readRequest(
  input: RequestCertificateCommandInput,
): Pick<CertificateRecord, 'domainName' | 'alternativeNames' | 'keyAlgorithm'> {
  if (input.CertificateAuthorityArn !== undefined) throw unsupported('Private certificate authorities are');
  if (input.Options?.Export === 'ENABLED') throw unsupported('Exportable certificates are');
  if (input.ManagedBy !== undefined) throw unsupported('Certificates that other services manage are');
  const { DomainName = '', SubjectAlternativeNames = [], KeyAlgorithm = 'RSA_2048' } = input;
  const checked = constraints()
    .text('domainName', DomainName, { minLength: 1, maxLength: 253, pattern: domainPattern })
    .text('idempotencyToken', input.IdempotencyToken, { minLength: 1, maxLength: 32, pattern: '\\w+' })
    .text('validationMethod', input.ValidationMethod, { oneOf: ['EMAIL', 'DNS', 'HTTP'] })
    .text('keyAlgorithm', KeyAlgorithm, { oneOf: keyAlgorithms })
    .list('subjectAlternativeNames', SubjectAlternativeNames, { max: 100 });
  for (const [index, name] of SubjectAlternativeNames.entries()) {
    checked.text(`subjectAlternativeNames.${index + 1}.member`, name, {
      ...{ minLength: 1, maxLength: 253, pattern: domainPattern },
    });
  }
  checked.throwIfViolated();
  const names = [...new Set([DomainName, ...SubjectAlternativeNames].map((name) => name.toLowerCase()))];
  if (names.length > maxNames)
    throw limitExceeded(`A certificate can have at most ${maxNames} domain names.`);
  for (const { DomainName: name = '' } of input.DomainValidationOptions ?? [])
    if (!names.includes(name.toLowerCase()))
      throw invalidDomainValidationOptions(
        `The domain ${name.slice(0, 253)} is not one of the certificate's.`,
      );
  return {
    domainName: DomainName.toLowerCase(),
    alternativeNames: names,
    keyAlgorithm: keyAlgorithms.find((each) => each === KeyAlgorithm) ?? 'RSA_2048',
  };
}
