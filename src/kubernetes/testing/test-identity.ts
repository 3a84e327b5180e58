import { webcrypto } from 'node:crypto';
import { newAuthority, openAuthority, pkcs8, signCertificate } from '../../certificates/index.ts';
import { seededRandom } from '../../clock/index.ts';

/**
 * What a server of a test shows, signed by an authority of its own.
 * @param names Of hosts, besides 127.0.0.1.
 * @returns the certificate and its key in PEM; the authority as objects carry it, PEM in base64.
 */
export async function testIdentity(names: readonly string[]) {
  const random = seededRandom(`webhook ${names.join()}`);
  const authority = await newAuthority(random, Date.now(), { commonName: 'webhooks', days: 1 });
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const cert = await signCertificate(openAuthority(authority), random, Date.now(), {
    ...{ commonName: 'webhook', days: 1, publicKey: keys.publicKey },
    alternativeNames: [
      { type: 'ip', value: '127.0.0.1' },
      ...names.map((value) => ({ type: 'dns', value }) as const),
    ],
  });
  const caBundle = Buffer.from(authority.certificate).toString('base64');
  return { cert, key: await pkcs8(keys.privateKey), caBundle };
}
