import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type GeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate as X509,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Random } from '../clock/index.ts';
import { type Authority, ofAuthority, pkcs8, serialNumber, signingKeyOf } from './authority.ts';

/** What somebody asks an authority to certify (PKCS #10), read and not believed yet. */
export interface SigningRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly alternativeNames: readonly { readonly type: GeneralName['type']; readonly value: string }[];
  readonly pem: string;
}

const pemBlock =
  /^\s*-----BEGIN CERTIFICATE REQUEST-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE REQUEST-----\s*$/;

/** @throws {Error} it is none. */
export function readSigningRequest(pem: string): SigningRequest {
  if (!pemBlock.test(pem)) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const request = new Pkcs10CertificateRequest(pem);
  const names = request.subjectName;
  const alternative = request.extensions.find((it) => it instanceof SubjectAlternativeNameExtension);
  return {
    commonName: names.getField('CN')[0] ?? '',
    organizations: names.getField('O'),
    alternativeNames: alternative?.names.items.map(({ type, value }) => ({ type, value })) ?? [],
    pem,
  };
}

/** What a new key of one's own is to be certified for. */
export interface WantedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
}

/** A new key, and the request for its certificate; both PEM. */
export async function newSigningRequest({
  commonName,
  organizations,
  dnsNames,
}: WantedCertificate): Promise<{ readonly request: string; readonly privateKey: string }> {
  const keys = await webcrypto.subtle.generateKey(ofAuthority, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((it) => ({ O: [it] })), { CN: [commonName] }],
    ...{ keys, signingAlgorithm: ofAuthority },
    extensions: [
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value }))),
    ],
  });
  return { request: request.toString('pem'), privateKey: await pkcs8(keys.privateKey) };
}

/** Of Kubernetes' names of usages, those that are bits of the key's usage (RFC 5280, 4.2.1.3). */
const keyUsages: Readonly<Record<string, KeyUsageFlags>> = {
  'digital signature': KeyUsageFlags.digitalSignature,
  'key encipherment': KeyUsageFlags.keyEncipherment,
};

/** Those that are purposes (4.2.1.12). */
const purposes: Readonly<Record<string, ExtendedKeyUsage>> = {
  'client auth': ExtendedKeyUsage.clientAuth,
  'server auth': ExtendedKeyUsage.serverAuth,
};

export interface RequestTerms {
  /** `client auth`, `digital signature` and the like. */
  readonly usages: readonly string[];
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The certificate that a request asks for, as PEM: its subject, its names, its key. It lives no longer than its authority.
 * @throws {Error} the request is not signed by the key that it is for.
 */
export async function signRequest(
  { certificate, key }: Authority,
  random: Random,
  { pem }: SigningRequest,
  { usages, notBefore, notAfter }: RequestTerms,
): Promise<string> {
  const request = new Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new Error('unable to verify certificate request signature');
  const alternative = request.extensions.find((it) => it instanceof SubjectAlternativeNameExtension);
  const flags = usages.reduce((sum, usage) => sum | (keyUsages[usage] ?? 0), 0);
  const issuer = new X509(certificate.raw);
  const signed = await X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    subject: request.subjectName.toJSON(),
    issuer: issuer.subjectName.toJSON(),
    notBefore: new Date(Math.max(notBefore, Date.parse(certificate.validFrom))),
    notAfter: new Date(Math.min(notAfter, Date.parse(certificate.validTo))),
    publicKey: request.publicKey,
    signingKey: await signingKeyOf(key),
    signingAlgorithm: ofAuthority,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      // With none of its bits set it would make the certificate invalid (RFC 5280, 4.2.1.3).
      ...(flags === 0 ? [] : [new KeyUsagesExtension(flags, true)]),
      new ExtendedKeyUsageExtension(usages.flatMap((usage) => purposes[usage] ?? [])),
      await SubjectKeyIdentifierExtension.create(request.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(alternative === undefined ? [] : [alternative]),
    ],
  });
  return signed.toString('pem');
}
