import 'reflect-metadata';
import { createPrivateKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { hex, type Random } from '../clock/index.ts';

/** Clocks of clients may be late. */
const earlierMs = 60 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;

export const ofAuthority = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface NewAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, as PEM: to be sealed by whoever keeps it. */
  readonly privateKey: string;
}

/** Who signs. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** A new authority that vouches for itself, and for no other authority. */
export async function newAuthority(
  random: Random,
  now: number,
  { commonName, days }: { readonly commonName: string; readonly days: number },
): Promise<NewAuthority> {
  const keys = await webcrypto.subtle.generateKey(ofAuthority, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: [{ CN: [commonName] }],
    ...validity(now, days),
    ...{ keys, signingAlgorithm: ofAuthority },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), privateKey: await pkcs8(keys.privateKey) };
}

/** Of what was kept of it, the key opened. */
export const openAuthority = ({ certificate, privateKey }: NewAuthority): Authority => ({
  certificate: new X509Certificate(certificate),
  key: createPrivateKey(privateKey),
});

export interface SignedCertificate {
  readonly commonName: string;
  /** Default: none. */
  readonly organizations?: readonly string[];
  readonly alternativeNames: readonly JsonGeneralName[];
  readonly days: number;
  readonly publicKey: webcrypto.CryptoKey;
}

/** A certificate for servers and clients, as PEM. */
export async function signCertificate(
  { certificate, key }: Authority,
  random: Random,
  now: number,
  { commonName, organizations = [], alternativeNames, days, publicKey }: SignedCertificate,
): Promise<string> {
  const signed = await X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    // A common name has 64 characters at most (RFC 5280); the names that count are the alternative ones.
    subject: [...organizations.map((it) => ({ O: [it] })), { CN: [commonName.slice(0, 64)] }],
    issuer: certificate.subject.split('\n').join(', '),
    ...validity(now, days),
    publicKey,
    signingKey: await signingKeyOf(key),
    signingAlgorithm: ofAuthority,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(alternativeNames.length === 0 ? [] : [new SubjectAlternativeNameExtension([...alternativeNames])]),
      await SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return signed.toString('pem');
}

/** A private key as PEM. */
export async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

const validity = (now: number, days: number) => ({
  notBefore: new Date(now - earlierMs),
  notAfter: new Date(now + days * dayMs),
});

/** Positive, and unlike any other (RFC 5280, 4.1.2.2). */
export const serialNumber = (random: Random): string => `4${hex(random, 31)}`;

export function signingKeyOf(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ofAuthority, false, ['sign']);
}
