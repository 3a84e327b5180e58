import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { IssuedCertificate, KeyAlgorithm } from './records.ts';

/** What a certificate itself tells. */
export type CertificateFacts = Omit<IssuedCertificate, 'chain' | 'sealedKey'> & {
  readonly domainName: string;
  readonly alternativeNames: readonly string[];
  /** Undefined: of a kind that ACM does not take. */
  readonly keyAlgorithm: KeyAlgorithm | undefined;
};

export function factsOf(certificate: X509Certificate, pem: string): CertificateFacts {
  const names = [...(certificate.subjectAltName ?? '').matchAll(/DNS:([^,\s"]+)/g)].map(
    ([, name = '']) => name,
  );
  const [, commonName = ''] = /^CN=(.+)$/m.exec(certificate.subject) ?? [];
  const domainName = commonName || (names[0] ?? '');
  return {
    certificate: pem,
    ...{ domainName, alternativeNames: names.length > 0 ? names : [domainName] },
    keyAlgorithm: keyAlgorithmOf(certificate.publicKey),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    serial: certificate.serialNumber,
    ...{ subject: oneLine(certificate.subject), issuer: oneLine(certificate.issuer) },
    signatureAlgorithm: signatureAlgorithmOf(certificate),
  };
}

function keyAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm | undefined {
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength;
    return bits === 1024 || bits === 2048 || bits === 3072 || bits === 4096 ? `RSA_${bits}` : undefined;
  }
  if (asymmetricKeyType !== 'ec') return undefined;
  const curve = asymmetricKeyDetails?.namedCurve;
  return curve === 'prime256v1' || curve === 'secp384r1' || curve === 'secp521r1' ? `EC_${curve}` : undefined;
}

/** Node tells `ecdsa-with-SHA256`, `sha256WithRSAEncryption`. */
function signatureAlgorithmOf({ signatureAlgorithm = '' }: X509Certificate): string {
  const [, bits] = /sha(\d+)/i.exec(signatureAlgorithm) ?? [];
  const signer = /ecdsa/i.test(signatureAlgorithm) ? 'ECDSA' : 'RSA';
  return bits === undefined ? signatureAlgorithm.toUpperCase() : `SHA${bits}WITH${signer}`;
}

/** `CN=a, O=b`: Node puts each part on a line. */
const oneLine = (name: string): string => name.split('\n').join(', ');

const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, in order; what is no certificate is left out. @throws one can't be read. */
export function readCertificates(text: string): readonly X509Certificate[] {
  return (text.match(pemBlock) ?? []).map((pem) => new X509Certificate(pem));
}

/** Undefined: it is none, or needs a passphrase. */
export function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
