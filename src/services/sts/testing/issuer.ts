import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An issuer of tokens on this machine, over TLS, with a certificate that it made for itself. */
export interface TestIssuer extends AsyncDisposable {
  /** `https://127.0.0.1:port/fleet` */
  readonly url: string;
  /** Of its certificate. */
  readonly thumbprint: string;
  /** What it answers, by path; a test may bend them. */
  readonly documents: Map<string, unknown>;
  /** The paths that were asked for. */
  readonly asked: string[];
  /** A token by its key, unless another is given. */
  token(claims: JWTPayload, key?: SigningKey): Promise<string>;
  /** Shows a new key, besides those that it has. */
  rotate(): Promise<SigningKey>;
}

export interface SigningKey {
  readonly id: string;
  readonly privateKey: CryptoKey;
}

export async function startIssuer(): Promise<TestIssuer> {
  const { key, cert } = selfSigned();
  const documents = new Map<string, unknown>();
  const asked: string[] = [];
  const server = createServer({ key, cert }, (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    asked.push(path);
    const document = documents.get(path);
    if (typeof document === 'number') response.writeHead(document, { location: '/elsewhere' }).end();
    else if (document === undefined) response.writeHead(404).end();
    else response.end(typeof document === 'string' ? document : JSON.stringify(document));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/fleet`;
  documents.set('/fleet/.well-known/openid-configuration', { issuer: url, jwks_uri: `${origin}/keys` });
  const shown: object[] = [];
  documents.set('/keys', { keys: shown });
  const rotate = async (): Promise<SigningKey> => {
    const made = await newSigningKey(`key-${shown.length}`);
    shown.push(made.shown);
    return made;
  };
  const first = await rotate();
  return {
    url,
    thumbprint: new X509Certificate(cert).fingerprint.replaceAll(':', '').toLowerCase(),
    ...{ documents, asked, rotate },
    token: (claims, signing = first) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: signing.id }).sign(signing.privateKey),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A key that no issuer shows yet. */
export async function newSigningKey(id: string): Promise<SigningKey & { readonly shown: object }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const shown = { ...(await exportJWK(publicKey)), kid: id, alg: 'RS256', use: 'sig' };
  return { id, privateKey, shown };
}

/** For 127.0.0.1, as an issuer behind nobody's authority has it. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'catamaran-issuer-'));
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=issuer'],
        ...['-addext', 'subjectAltName=IP:127.0.0.1'],
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
