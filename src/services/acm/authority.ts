import { webcrypto, X509Certificate } from 'node:crypto';
import {
  type Authority,
  newAuthority,
  openAuthority,
  pkcs8,
  signCertificate,
} from '../../certificates/index.ts';
import { hex } from '../../clock/index.ts';
import { factsOf } from './certificate-facts.ts';
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
const authorityDays = 10 * 365;
/** As ACM's: 13 months. */
const certificateDays = 395;

const purpose = 'authority';

/** Signs a certificate for what was requested, with a new key. */
export async function issue(
  context: AcmContext,
  { id, domainName, alternativeNames, keyAlgorithm }: CertificateRecord,
): Promise<IssuedCertificate> {
  const authority = await ownAuthority(context);
  const { random, clock, sealer } = context;
  const algorithm = keyParameters(keyAlgorithm);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pem = await signCertificate(authority, random, clock.now(), {
    ...{ commonName: domainName, days: certificateDays, publicKey: keys.publicKey },
    alternativeNames: alternativeNames.map((value) => ({ type: 'dns', value })),
  });
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

/** Made when it is first needed; of two that are made at the same time one counts. */
async function ownAuthority(context: AcmContext): Promise<Authority> {
  const { state, sealer } = context;
  const known = state.get(authorities, authorityKey);
  const made = known === undefined ? await makeAuthority(context) : known;
  const kept = await state.transact((tx) => {
    const present = tx.get(authorities, authorityKey);
    if (present === undefined) tx.put(authorities, authorityKey, made);
    return present ?? made;
  });
  const privateKey = sealer.open(kept.sealedKey, purpose);
  if (privateKey === undefined)
    throw new Error(
      'The key of the certificate authority cannot be opened: it was sealed by another installation',
    );
  return openAuthority({ certificate: kept.certificate, privateKey });
}

async function makeAuthority({ clock, random, sealer }: AcmContext): Promise<AuthorityRecord> {
  const { certificate, privateKey } = await newAuthority(random, clock.now(), {
    commonName: `Catamaran local authority ${hex(random, 8)}`,
    days: authorityDays,
  });
  return { certificate, sealedKey: sealer.seal(privateKey, purpose) };
}
