import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACM } from '@aws-sdk/client-acm';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser } from '../../src/services/elbv2/testing/browser.ts';
import {
  client,
  type OidcProvider,
  openOidcProvider,
} from '../../src/services/elbv2/testing/oidc-provider.ts';
import { Installation, waitFor } from './installation.ts';

let installation: Installation;
let elb: ElasticLoadBalancingV2;
let acm: ACM;
let provider: OidcProvider;
let folder: string;

beforeAll(async () => {
  provider = await openOidcProvider(() => Date.now());
  folder = await mkdtemp(join(tmpdir(), 'catamaran-authority-'));
  const authority = join(folder, 'authority.pem');
  await writeFile(authority, provider.authority);
  installation = await Installation.start({ env: { NODE_EXTRA_CA_CERTS: authority } });
  elb = installation.elb();
  acm = new ACM(installation.clientOptions());
});

afterAll(async () => {
  elb?.destroy();
  acm?.destroy();
  await installation?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** The world may ask for TLS in the default group, in which a load balancer is that names no other. */
async function openToTls(): Promise<void> {
  const ec2 = installation.ec2();
  const { SecurityGroups: [group] = [] } = await ec2.describeSecurityGroups({ GroupNames: ['default'] });
  await ec2.authorizeSecurityGroupIngress({
    ...{ GroupId: group?.GroupId, IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' },
  });
}

interface Answer {
  readonly status: number;
  /** The names of the certificate that was served. */
  readonly names: string | undefined;
}

/** Over TLS, trusting one authority alone. Undefined: nobody listens yet. */
function ask(host: string, servername: string, ca: string): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, servername, ca, headers: { host: servername }, timeout: 20_000 },
      (answer) => {
        answer.resume();
        const { subjectaltname: names } = (
          answer.socket as import('node:tls').TLSSocket
        ).getPeerCertificate();
        resolve({ status: answer.statusCode ?? 0, names });
      },
    );
    asked.on('error', (error: Error & { code?: string }) =>
      error.code === 'ECONNREFUSED' ? resolve(undefined) : reject(error),
    );
    asked.on('timeout', () => asked.destroy(new Error(`${host} does not answer`)));
    asked.end();
  });
}

async function certificateOf(DomainName: string): Promise<string> {
  const { CertificateArn = '' } = await acm.requestCertificate({
    ...{ DomainName, ValidationMethod: 'DNS', KeyAlgorithm: 'EC_prime256v1' },
  });
  return waitFor(`${DomainName} to have its certificate`, async () => {
    const { Certificate } = await acm.describeCertificate({ CertificateArn });
    return Certificate?.Status === 'ISSUED' ? CertificateArn : undefined;
  });
}

/** A public address of a load balancer. */
async function addressOf(name: string): Promise<string> {
  const { NetworkInterfaces: [node] = [] } = await installation.ec2().describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values: [`ELB app/${name}/*`] }],
  });
  return node?.Association?.PublicIp ?? '';
}

async function balancerOf(Name: string): Promise<string> {
  const Subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({ Name, Subnets });
  return balancer?.LoadBalancerArn ?? '';
}

it('A listener speaks TLS with the certificate of the name that is asked for, issued by the installation’s authority', async () => {
  await openToTls();
  const [harbour, quay] = [await certificateOf('harbour.example'), await certificateOf('quay.example')];
  const { CertificateChain: authority = '' } = await acm.getCertificate({ CertificateArn: harbour });
  const LoadBalancerArn = await balancerOf('tls');
  const { Listeners: [listener] = [] } = await elb.createListener({
    ...{ LoadBalancerArn, Protocol: 'HTTPS', Port: 443, Certificates: [{ CertificateArn: harbour }] },
    SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '204' } }],
  });
  const ListenerArn = listener?.ListenerArn;
  await elb.addListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: quay }] });
  const address = await addressOf('tls');

  const answered = await waitFor('TLS to be spoken', () =>
    ask(address, 'harbour.example', authority).catch(() => undefined),
  );
  expect(answered).toEqual({ status: 204, names: 'DNS:harbour.example' });
  await waitFor('the other certificate to be served', async () => {
    const answer = await ask(address, 'quay.example', authority).catch(() => undefined);
    return answer?.names === 'DNS:quay.example' ? answer : undefined;
  });
  // In use it stays; another authority is not trusted.
  await expect(acm.deleteCertificate({ CertificateArn: quay })).rejects.toMatchObject({
    name: 'ResourceInUseException',
  });
  await expect(ask(address, 'other.example', authority)).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  await elb.deleteLoadBalancer({ LoadBalancerArn });
  await acm.deleteCertificate({ CertificateArn: quay });
}, 240_000);

it('Users sign in by OpenID Connect, programs come with tokens, and without Catamaran nobody passes', async () => {
  const host = 'pier.example';
  const CertificateArn = await certificateOf(host);
  const { CertificateChain: authority = '' } = await acm.getCertificate({ CertificateArn });
  const LoadBalancerArn = await balancerOf('sign-in');
  const says = (MessageBody: string) => ({
    ...{ Type: 'fixed-response' as const, Order: 2, FixedResponseConfig: { StatusCode: '200', MessageBody } },
  });
  const { Listeners: [listener] = [] } = await elb.createListener({
    ...{ LoadBalancerArn, Protocol: 'HTTPS', Port: 443, Certificates: [{ CertificateArn }] },
    DefaultActions: [
      {
        ...{ Type: 'authenticate-oidc', Order: 1 },
        AuthenticateOidcConfig: {
          Issuer: provider.issuer,
          AuthorizationEndpoint: `${provider.issuer}/authorize`,
          TokenEndpoint: `${provider.issuer}/token`,
          UserInfoEndpoint: `${provider.issuer}/userinfo`,
          ...{ ClientId: client.id, ClientSecret: client.secret },
        },
      },
      says('welcome aboard'),
    ],
  });
  const ListenerArn = listener?.ListenerArn;
  const path = (value: string) => [{ Field: 'path-pattern', Values: [value] }];
  const { Order: _, ...open } = says('open to all');
  await elb.createRule({ ListenerArn, Priority: 1, Conditions: path('/open'), Actions: [open] });
  const claims = [{ Name: 'scope', Format: 'space-separated-values' as const, Values: ['dock'] }];
  await elb.createRule({
    ...{ ListenerArn, Priority: 2, Conditions: path('/api') },
    Actions: [
      {
        ...{ Type: 'jwt-validation', Order: 1 },
        JwtValidationConfig: {
          ...{ JwksEndpoint: `${provider.issuer}/jwks`, Issuer: provider.issuer, AdditionalClaims: claims },
        },
      },
      says('ahoy'),
    ],
  });
  const place = { host, port: 443, address: await addressOf('sign-in') };
  const browser = new Browser(place, [authority, provider.authority]);
  await waitFor('the rules to be carried', async () => {
    const answer = await browser.get('/api').catch(() => undefined);
    return answer?.status === 401 ? answer : undefined;
  });
  expect((await browser.get('/cabin')).location).toContain(`${provider.issuer}/authorize?`);
  expect(await browser.follow('/cabin')).toMatchObject({ status: 200, body: 'welcome aboard' });
  const token = await provider.sign({
    ...{ iss: provider.issuer, exp: Math.floor(Date.now() / 1_000) + 60, scope: 'dock sail' },
  });
  const withToken = { authorization: `Bearer ${token}` };
  expect(await browser.get('/api', withToken)).toMatchObject({ status: 200, body: 'ahoy' });

  await installation.kill9();
  const pages = ['/open', '/cabin', '/api'].map((target) => browser.get(target, withToken));
  expect((await Promise.all(pages)).map(({ status }) => status)).toEqual([200, 503, 503]);
  await installation.up();
  await waitFor('sessions to hold again', async () => {
    const answer = await browser.get('/cabin').catch(() => undefined);
    return answer?.status === 200 ? answer : undefined;
  });
  // It has another port now.
  elb.destroy();
  elb = installation.elb();
  await elb.deleteLoadBalancer({ LoadBalancerArn });
}, 240_000);
