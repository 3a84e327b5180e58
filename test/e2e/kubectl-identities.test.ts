import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pkcs8 } from '../../src/certificates/index.ts';
import { type EksServer, startEks, type TestCluster } from '../../src/kubernetes/testing/eks-server.ts';
import { fetchKubectl } from './kubectl.ts';

/** The real kubectl with the identities of a cluster, whose API server runs in this process. */
describe('kubectl', () => {
  let server: EksServer;
  let harbor: TestCluster;
  let kubectl: string;
  let directory: string;
  let admin: readonly string[];
  beforeAll(async () => {
    [kubectl, server, directory] = await Promise.all([
      fetchKubectl(),
      startEks(),
      mkdtemp(join(tmpdir(), 'kubectl-identities-')),
    ]);
    harbor = await server.cluster('harbor');
    await writeFile(join(directory, 'ca.crt'), harbor.certificateAuthority);
    admin = ['--token', await harbor.token()];
  }, 180_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  function run(
    ...args: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const env = { HOME: directory, KUBECONFIG: join(directory, 'none') };
    const to = ['--server', harbor.endpoint, '--certificate-authority', join(directory, 'ca.crt')];
    return new Promise((resolve) => {
      execFile(kubectl, [...to, ...args], { env, timeout: 110_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }
  async function k(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(...args);
    expect(code, `kubectl ${args.join(' ')}\n${stderr}`).toBe(0);
    return stdout;
  }
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };

  it('makes tokens of ServiceAccounts, and says whose they are', async () => {
    await k(...admin, 'create', 'serviceaccount', 'bot');
    const token = (await k(...admin, 'create', 'token', 'bot', '--duration=20m')).trim();
    const told = await k('--token', token, 'auth', 'whoami');
    expect(told).toMatch(/^Username +system:serviceaccount:default:bot$/m);
    expect(told).toContain('[system:serviceaccounts system:serviceaccounts:default system:authenticated]');
    expect(await run('--token', token, 'auth', 'can-i', 'list', 'pods')).toMatchObject({
      code: 1,
      stdout: 'no\n',
    });
    await k(...admin, 'create', 'rolebinding', 'bot', '--clusterrole=view', '--serviceaccount=default:bot');
    expect(await k('--token', token, 'auth', 'can-i', 'list', 'pods')).toBe('yes\n');
    const short = await run(...admin, 'create', 'token', 'bot', '--duration=1m');
    expect(short.stderr).toContain('may not specify a duration less than 10 minutes');
    await k(...admin, 'delete', 'serviceaccount', 'bot');
    const after = await run('--token', token, 'get', 'pods');
    expect(after.stderr).toContain('You must be logged in to the server (Unauthorized)');
  });

  it('approves certificates, which sign in, and denies them', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const asked = await Pkcs10CertificateRequestGenerator.create({
      ...{ name: 'CN=ada, O=readers', keys, signingAlgorithm: algorithm },
    });
    const manifest = (name: string) =>
      [
        'apiVersion: certificates.k8s.io/v1',
        'kind: CertificateSigningRequest',
        `metadata: {name: ${name}}`,
        'spec:',
        `  request: ${Buffer.from(asked.toString('pem')).toString('base64')}`,
        '  signerName: kubernetes.io/kube-apiserver-client',
        '  expirationSeconds: 86400',
        '  usages: [client auth]',
      ].join('\n');
    await k(...admin, 'create', '-f', await file('ada.yaml', manifest('ada')));
    await k(...admin, 'create', '-f', await file('eve.yaml', manifest('eve')));
    expect(await k(...admin, 'get', 'csr', 'ada', '--no-headers')).toMatch(/24h\s+Pending\n$/);
    expect(await k(...admin, 'certificate', 'approve', 'ada')).toContain('ada approved');
    expect(await k(...admin, 'certificate', 'deny', 'eve')).toContain('eve denied');
    await server.reconcilers.idle();
    expect(await k(...admin, 'get', 'csr', '--no-headers')).toMatch(
      /^ada .*Approved,Issued\neve .*Denied\n$/,
    );
    const encoded = await k(...admin, 'get', 'csr', 'ada', '-o', 'jsonpath={.status.certificate}');
    const certificate = await file('ada.crt', Buffer.from(encoded, 'base64').toString());
    const key = await file('ada.key', await pkcs8(keys.privateKey));
    const ada = ['--client-certificate', certificate, '--client-key', key];
    const told = JSON.parse(await k(...ada, 'auth', 'whoami', '-o', 'json'));
    expect(told.status.userInfo).toMatchObject({
      ...{ username: 'ada', groups: ['readers', 'system:authenticated'] },
    });
    await k(...admin, 'create', 'clusterrolebinding', 'readers', '--clusterrole=view', '--group=readers');
    expect(await k(...ada, 'get', 'configmaps', '-n', 'default', '-o', 'name')).toBe(
      'configmap/kube-root-ca.crt\n',
    );
    expect((await run(...ada, 'get', 'secrets')).stderr).toContain(
      'User "ada" cannot list resource "secrets"',
    );
  });
});
