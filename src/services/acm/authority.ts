import 'reflect-metadata';
import { type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { hex, type Random } from '../../clock/index.ts';
import { factsOf, readPrivateKey } from './certificate-facts.ts';
import type { AcmContext } from './context.ts';
import {
  type AuthorityRecord,
  authorities,
  authorityKey,
  type CertificateRecord,
  type IssuedCertificate,
  keyPurpose,
} from './records.ts';

/**
 * The installation's own certificate authority. Nobody outside trusts it unless he is told to; what it signs has to be
 * asked for by an account, and no further proof is to be had of a name on a machine that nobody else reaches.
 */
const dayMs = 24 * 60 * 60 * 1_000;
const authorityDays = 10 * 365;
/** As ACM's: 13 months. */
const certificateDays = 395;
/** Clocks of clients may be late. */
const earlierMs = 60 * 60 * 1_000;

const purpose = 'authority';
const ofAuthority = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Signs a certificate for what was requested, with a new key. */
export async function issue(
  context: AcmContext,
  { id, domainName, alternativeNames, keyAlgorithm }: CertificateRecord,
): Promise<IssuedCertificate> {
  const authority = await openAuthority(context);
  const { random, clock, sealer } = context;
  const algorithm = keyParameters(keyAlgorithm);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signed = await X509CertificateGenerator.create({
    serialNumber: serialNumber(random),
    // A common name has 64 characters at most (RFC 5280); the names that count are the alternative ones.
    subject: [{ CN: [domainName.slice(0, 64)] }],
    issuer: authority.certificate.subject.split('\n').join(', '),
    notBefore: new Date(clock.now() - earlierMs),
    notAfter: new Date(clock.now() + certificateDays * dayMs),
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(authority.key),
    signingAlgorithm: ofAuthority,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(alternativeNames.map((value) => ({ type: 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pem = signed.toString('pem');
  const {
    domainName: _name,
    alternativeNames: _names,
    keyAlgorithm: _kind,
    ...facts
  } = factsOf(new X509Certificate(pem), pem);
  return {
    ...facts,
    chain: authority.certificate.toString(),
    sealedKey: sealer.seal(await pkcs8(keys.privateKey), keyPurpose(id)),
  };
}

function keyParameters(algorithm: CertificateRecord['keyAlgorithm']) {
  switch (algorithm) {
    case 'EC_prime256v1':
      return { name: 'ECDSA', namedCurve: 'P-256' };
    case 'EC_secp384r1':
      return { name: 'ECDSA', namedCurve: 'P-384' };
    default:
      return {
        ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048 },
        publicExponent: Uint8Array.of(1, 0, 1),
      };
  }
}

interface OpenAuthority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** Made when it is first needed; of two that are made at the same time one counts. */
async function openAuthority(context: AcmContext): Promise<OpenAuthority> {
  const { state, sealer } = context;
  const known = state.get(authorities, authorityKey);
  const made = known === undefined ? await newAuthority(context) : known;
  const kept = await state.transact((tx) => {
    const present = tx.get(authorities, authorityKey);
    if (present === undefined) tx.put(authorities, authorityKey, made);
    return present ?? made;
  });
  const pem = sealer.open(kept.sealedKey, purpose);
  const key = pem === undefined ? undefined : readPrivateKey(pem);
  if (key === undefined)
    throw new Error(
      'The key of the certificate authority cannot be opened: it was sealed by another installation',
    );
  return { certificate: new X509Certificate(kept.certificate), key };
}

async function newAuthority({ clock, random, sealer }: AcmContext): Promise<AuthorityRecord> {
  const keys = await webcrypto.subtle.generateKey(ofAuthority, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(random),
    name: [{ CN: [`Catamaran local authority ${hex(random, 8)}`] }],
    notBefore: new Date(clock.now() - earlierMs),
    notAfter: new Date(clock.now() + authorityDays * dayMs),
    ...{ keys, signingAlgorithm: ofAuthority },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: certificate.toString('pem'),
    sealedKey: sealer.seal(await pkcs8(keys.privateKey), purpose),
  };
}

/** Positive, and unlike any other (RFC 5280, 4.1.2.2). */
const serialNumber = (random: Random): string => `4${hex(random, 31)}`;

async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

function signingKeyOf(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ofAuthority, false, ['sign']);
}
