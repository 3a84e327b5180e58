import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT } from 'jose';
import { certificateFor } from '../../../network/balancer/testing/certificates.ts';

/** A small OpenID Connect provider on loopback: whoever comes is signed in as `user`. */
export interface OidcProvider extends AsyncDisposable {
  readonly issuer: string;
  /** PEM: the authority that its certificate is of. */
  readonly authority: string;
  /** What the user info endpoint says. */
  user: Readonly<Record<string, unknown>>;
  /** Of access tokens, in seconds. */
  lasting: number;
  givesRefreshTokens: boolean;
  /** Of clients at the token endpoint. */
  takesSecretsIn: 'form' | 'header';
  /** In place of what it would answer, by path. */
  readonly instead: Map<string, RequestListener>;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Nothing that it gave is good any more: the user has signed out. */
  signOut(): void;
  /** A token of its own. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    key?: { readonly kid: string; readonly key: KeyObject },
  ): Promise<string>;
}

export const client = { id: 'harbour', secret: 'tide & "moon" é' } as const;

/** @param now Epoch milliseconds. */
export async function openOidcProvider(now: () => number): Promise<OidcProvider> {
  const { chain, privateKey } = certificateFor('localhost');
  const signing = { kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
  const codes = new Map<string, URLSearchParams>();
  const tokens = new Map<string, 'access' | 'refresh'>();

  const answers: Readonly<
    Record<string, (request: IncomingMessage, response: ServerResponse) => Promise<void>>
  > = {
    '/authorize': async ({ url = '' }, response) => {
      const asked = new URL(url, provider.issuer).searchParams;
      const back = new URL(asked.get('redirect_uri') ?? '');
      const code = randomUUID();
      codes.set(code, asked);
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.get('state') ?? '');
      response.writeHead(302, { location: back.href }).end();
    },
    '/token': async (request, response) => {
      const form = new URLSearchParams(await bodyOf(request));
      if (!isClient(request, form)) return json(response, { error: 'invalid_client' }, 401);
      const asked = codes.get(form.get('code') ?? '');
      codes.delete(form.get('code') ?? '');
      const isGranted =
        form.get('grant_type') === 'refresh_token'
          ? tokens.get(form.get('refresh_token') ?? '') === 'refresh'
          : asked !== undefined && asked.get('redirect_uri') === form.get('redirect_uri');
      if (!isGranted) return json(response, { error: 'invalid_grant' }, 400);
      tokens.delete(form.get('refresh_token') ?? '');
      const [access, refresh] = [`access-${randomUUID()}`, `refresh-${randomUUID()}`];
      tokens.set(access, 'access').set(refresh, 'refresh');
      const seconds = Math.floor(now() / 1_000);
      json(response, {
        ...{ access_token: access, token_type: 'Bearer', expires_in: provider.lasting },
        ...(provider.givesRefreshTokens && { refresh_token: refresh }),
        id_token: await provider.sign({
          ...{ iss: provider.issuer, aud: client.id, sub: provider.user.sub },
          ...{ iat: seconds, exp: seconds + 300 },
        }),
      });
    },
    '/userinfo': async ({ headers }, response) => {
      const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
      if (tokens.get(token) !== 'access') return json(response, { error: 'invalid_token' }, 401);
      json(response, provider.user);
    },
    '/jwks': async (_, response) => {
      const key = { ...(await exportJWK(signing.publicKey)), kid: signing.kid, alg: 'RS256', use: 'sig' };
      json(response, { keys: [key] });
    },
  };

  const isClient = ({ headers }: IncomingMessage, form: URLSearchParams): boolean => {
    const encoded = new URLSearchParams({ '': client.secret }).toString().slice(1);
    const basic = `Basic ${Buffer.from(`${client.id}:${encoded}`).toString('base64')}`;
    return provider.takesSecretsIn === 'header'
      ? headers.authorization === basic && !form.has('client_secret')
      : form.get('client_id') === client.id && form.get('client_secret') === client.secret;
  };

  const server = createServer({ key: privateKey, cert: chain }, (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '');
    provider.asked.push(path);
    const answer = provider.instead.get(path) ?? answers[path];
    if (answer === undefined) response.writeHead(404).end();
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: OidcProvider = {
    issuer: `https://localhost:${(server.address() as AddressInfo).port}`,
    authority: chain,
    user: { sub: 'ann', email: 'ann@harbour.example', name: 'Ann Ünlü' },
    ...{ lasting: 300, givesRefreshTokens: false, takesSecretsIn: 'form' },
    ...{ instead: new Map(), asked: [] },
    signOut: () => tokens.clear(),
    sign: (claims, { kid, key } = { kid: signing.kid, key: signing.privateKey }) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid }).sign(key),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}
