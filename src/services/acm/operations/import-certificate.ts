import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ImportCertificateCommandInput, ImportCertificateResponse } from '@aws-sdk/client-acm';
import type { Call } from '../../service.ts';
import { certificateArn, newId } from '../arn.ts';
import { factsOf, readCertificates, readPrivateKey } from '../certificate-facts.ts';
import { type AcmContext, requireCertificate } from '../context.ts';
import { unsupported, validationException } from '../errors.ts';
import { readTags, refuseMoreThanMax } from '../input.ts';
import {
  type CertificateRecord,
  certificateKey,
  certificates,
  type IssuedCertificate,
  keyPurpose,
} from '../records.ts';

const maxPemBytes = 64 * 1024;

/** With an ARN it takes the place of one that was imported before. @throws {Refusal} */
export async function importCertificate(
  { state, random, sealer }: AcmContext,
  input: ImportCertificateCommandInput,
  call: Call,
): Promise<ImportCertificateResponse> {
  const tags = readTags(input.Tags);
  if (input.CertificateArn !== undefined && Object.keys(tags).length > 0)
    throw validationException('Tags cannot be given when a certificate is imported again.');
  const { certificate, key, chain } = readParts(input, call.now);
  const pem = certificate.toString();
  const { domainName, alternativeNames, keyAlgorithm, ...facts } = factsOf(certificate, pem);
  if (keyAlgorithm === undefined) throw validationException('The private key algorithm is not supported.');
  const arn = await state.transact((tx) => {
    const before =
      input.CertificateArn === undefined ? undefined : requireCertificate(tx, call, input.CertificateArn);
    if (before !== undefined && before.origin.type !== 'IMPORTED')
      throw validationException(`The certificate ${before.arn} was not imported.`);
    if (before === undefined) refuseMoreThanMax(tx, call);
    const id = before?.id ?? newId(random);
    const issued: IssuedCertificate = {
      ...{ ...facts, chain: chain.map(String).join('') },
      sealedKey: sealer.seal(key.export({ type: 'pkcs8', format: 'pem' }), keyPurpose(id)),
    };
    const record: CertificateRecord = {
      ...{ id, arn: certificateArn(call, id), domainName, alternativeNames, keyAlgorithm },
      ...{ origin: { type: 'IMPORTED', importedAt: call.now }, issued },
      ...{ createdAt: before?.createdAt ?? call.now, tags: before?.tags ?? tags },
    };
    tx.put(certificates, certificateKey(call, id), record);
    return record.arn;
  });
  return { CertificateArn: arn };
}

interface Parts {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly chain: readonly X509Certificate[];
}

/** @throws ValidationException They don't belong together, or one of them is none. */
function readParts(
  { Certificate, PrivateKey, CertificateChain }: ImportCertificateCommandInput,
  now: number,
): Parts {
  const [certificate, ...others] = readPem('Certificate', Certificate);
  if (certificate === undefined)
    throw validationException('The certificate field contains no certificate in PEM format.');
  if (others.length > 0) {
    throw validationException(
      'The certificate field contains more than one certificate. You can specify only one certificate in this field.',
    );
  }
  const keyText = textOf('PrivateKey', PrivateKey);
  if (keyText.includes('ENCRYPTED')) throw unsupported('Private keys with a passphrase are');
  const key = readPrivateKey(keyText);
  if (key === undefined) throw validationException('The private key is not supported.');
  if (!certificate.checkPrivateKey(key))
    throw validationException('The private key does not match the public key of the certificate.');
  if (certificate.validToDate.getTime() <= now) throw validationException('The certificate has expired.');
  if (certificate.validFromDate.getTime() > now)
    throw validationException('The certificate is not valid yet.');
  return {
    certificate,
    key,
    chain: checkedChain(certificate, readPem('CertificateChain', CertificateChain)),
  };
}

function checkedChain(
  certificate: X509Certificate,
  chain: readonly X509Certificate[],
): readonly X509Certificate[] {
  const isOwnIssuer = certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
  if (chain.length === 0 && !isOwnIssuer) {
    throw validationException(
      'Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or ' +
        'certificate chain.',
    );
  }
  let below = certificate;
  for (const above of chain) {
    if (!below.checkIssued(above) || !below.verify(above.publicKey))
      throw validationException('Could not validate the certificate with the certificate chain.');
    below = above;
  }
  return chain;
}

function readPem(field: string, bytes: Uint8Array | undefined): readonly X509Certificate[] {
  try {
    return readCertificates(textOf(field, bytes));
  } catch {
    throw validationException(`The ${field} field contains a certificate that cannot be read.`);
  }
}

function textOf(field: string, bytes: Uint8Array = new Uint8Array()): string {
  if (bytes.length > maxPemBytes)
    throw validationException(`The ${field} field can have at most ${maxPemBytes} bytes.`);
  return Buffer.from(bytes).toString('utf8');
}
