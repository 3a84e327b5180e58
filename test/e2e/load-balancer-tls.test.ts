import { request } from 'node:https';
import { ACM } from '@aws-sdk/client-acm';
import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Installation, waitFor } from './installation.ts';

let installation: Installation;
let elb: ElasticLoadBalancingV2;
let acm: ACM;

beforeAll(async () => {
  installation = await Installation.start();
  elb = installation.elb();
  acm = new ACM(installation.clientOptions());
}, 120_000);

afterAll(async () => {
  elb?.destroy();
  acm?.destroy();
  await installation?.[Symbol.asyncDispose]();
}, 120_000);

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
      { host, servername, ca, headers: { host: servername }, timeout: 5_000 },
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

it('A listener speaks TLS with the certificate of the name that is asked for, issued by the installation’s authority', async () => {
  await openToTls();
  const certificate = async (DomainName: string): Promise<string> => {
    const { CertificateArn = '' } = await acm.requestCertificate({
      ...{ DomainName, ValidationMethod: 'DNS', KeyAlgorithm: 'EC_prime256v1' },
    });
    return waitFor(`${DomainName} to have its certificate`, async () => {
      const { Certificate } = await acm.describeCertificate({ CertificateArn });
      return Certificate?.Status === 'ISSUED' ? CertificateArn : undefined;
    });
  };
  const [harbour, quay] = [await certificate('harbour.example'), await certificate('quay.example')];
  const { CertificateChain: authority = '' } = await acm.getCertificate({ CertificateArn: harbour });
  const { LoadBalancers: [balancer] = [] } = await elb.createLoadBalancer({
    ...{ Name: 'tls', Subnets: [await installation.subnetId('a'), await installation.subnetId('b')] },
  });
  const LoadBalancerArn = balancer?.LoadBalancerArn;
  const { Listeners: [listener] = [] } = await elb.createListener({
    ...{ LoadBalancerArn, Protocol: 'HTTPS', Port: 443, Certificates: [{ CertificateArn: harbour }] },
    SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '204' } }],
  });
  const ListenerArn = listener?.ListenerArn;
  await elb.addListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: quay }] });
  const { NetworkInterfaces: [node] = [] } = await installation.ec2().describeNetworkInterfaces({
    Filters: [{ Name: 'description', Values: ['ELB app/tls/*'] }],
  });
  const address = node?.Association?.PublicIp ?? '';

  const answered = await waitFor('TLS to be spoken', () => ask(address, 'harbour.example', authority));
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
}, 120_000);
