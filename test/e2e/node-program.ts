import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a container needs to run a program for Node: this machine's Node and libraries, of host paths. */
export interface NodeProgram {
  readonly configMap: object;
  readonly command: readonly string[];
  readonly volumeMounts: readonly object[];
  readonly volumes: readonly object[];
}

/** @param name Of the ConfigMap that has the program, an ECMAScript module. */
export async function nodeProgram(name: string, program: string): Promise<NodeProgram> {
  const isArm = process.arch === 'arm64';
  const loader = isArm ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
  const mount = (volume: string, mountPath: string) => ({ name: volume, mountPath, readOnly: true });
  return {
    configMap: {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
      data: { 'program.mjs': program },
    },
    command: [
      ...[`/host/lib/${loader}`, '--library-path', '/host/lib', '/host/bin/node'],
      '/etc/program/program.mjs',
    ],
    volumeMounts: [mount('lib', '/host/lib'), mount('bin', '/host/bin'), mount('program', '/etc/program')],
    volumes: [
      {
        name: 'lib',
        hostPath: { path: await realpath(`/lib/${isArm ? 'aarch64' : 'x86_64'}-linux-gnu`) },
      },
      { name: 'bin', hostPath: { path: dirname(await realpath(process.execPath)) } },
      { name: 'program', configMap: { name } },
    ],
  };
}

/**
 * A server of gRPC's health protocol that knows the services `well` and `ill`, at port 5000, and one of no protocol at
 * port 5001. https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export const grpcHealthServer = `
import { createServer } from 'node:http2';
const statuses = { well: 1, ill: 2 };
const serve = (port, answerOf) => {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    const pieces = [];
    stream.on('data', (piece) => pieces.push(piece));
    stream.on('end', () => {
      const { frame, ...trailers } = answerOf(headers[':path'], Buffer.concat(pieces).subarray(7).toString());
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      stream.end(frame);
    });
  });
  server.listen(port);
};
const unimplemented = { 'grpc-status': '12', 'grpc-message': 'unknown service grpc.health.v1.Health' };
serve(5000, (path, service) => {
  if (path !== '/grpc.health.v1.Health/Check') return unimplemented;
  const status = statuses[service];
  if (status === undefined) return { 'grpc-status': '5', 'grpc-message': 'unknown service' };
  return { frame: Buffer.from([0, 0, 0, 0, 2, 8, status]), 'grpc-status': '0' };
});
serve(5001, () => unimplemented);
process.on('SIGTERM', () => process.exit(0));
`;

/** A relying party: finds by the API server who issued its token, and the keys. Trusts the cluster alone. */
export const relyingParty = `
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
const token = readFileSync('/tokens/token', 'utf8');
const [header, claims] = token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
const own = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8');
const get = async (path) => {
  const response = await fetch('https://kubernetes.default.svc' + path, { headers: { authorization: 'Bearer ' + own } });
  if (response.status !== 200) throw new Error(path + ': ' + response.status + ' ' + (await response.text()));
  return response.json();
};
const { issuer } = await get('/.well-known/openid-configuration');
const { keys } = await get('/openid/v1/jwks');
const key = createPublicKey({ key: keys.find(({ kid }) => kid === header.kid), format: 'jwk' });
const end = token.lastIndexOf('.');
const signature = Buffer.from(token.slice(end + 1), 'base64url');
console.log(JSON.stringify({
  isIssuer: issuer === claims.iss,
  audience: claims.aud,
  subject: claims.sub,
  algorithm: header.alg,
  isSigned: verify('sha256', Buffer.from(token.slice(0, end)), key, signature),
}));
`;
