import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasIssuedCertificate, onCertificatesChanged, servedCertificate } from './index.ts';
import { authorities, authorityKey, certificates } from './records.ts';
import { type AcmServer, scope, startAcm } from './testing/acm-server.ts';

let server: AcmServer;
beforeEach(async () => {
  server = await startAcm();
});
afterEach(() => server[Symbol.asyncDispose]());

const refused = (name: string, message: string | RegExp) => ({
  name,
  message: expect.stringMatching(message),
});
const bytes = (text: string) => new TextEncoder().encode(text);

function served(arn: string) {
  const found = servedCertificate(server.context, arn);
  if (found === undefined) throw new Error(`${arn} is not served`);
  return found;
}

/** What can be imported: issued here for another certificate. */
async function material(name: string, more: object = {}) {
  const { chain, privateKey } = served(await server.issued(name, more));
  const [certificate = '', authority = ''] =
    chain.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----\n?/g) ?? [];
  return {
    Certificate: bytes(certificate),
    PrivateKey: bytes(privateKey),
    CertificateChain: bytes(authority),
  };
}

describe('certificates that are requested', () => {
  it('are issued by the installation’s own authority', async () => {
    const { acm, clock } = server;
    const { CertificateArn = '' } = await acm.requestCertificate({
      ...{ DomainName: 'Harbour.example', SubjectAlternativeNames: ['*.harbour.example'] },
      ...{ ValidationMethod: 'DNS', Tags: [{ Key: 'pier', Value: 'nine' }] },
    });
    expect(CertificateArn).toMatch(/^arn:aws:acm:eu-west-1:111122223333:certificate\/[0-9a-f-]{36}$/);
    await server.reconcilers.idle();
    const { Certificate } = await acm.describeCertificate({ CertificateArn });
    expect(Certificate).toMatchObject({
      ...{ DomainName: 'harbour.example', Status: 'ISSUED', Type: 'AMAZON_ISSUED', KeyAlgorithm: 'RSA_2048' },
      SubjectAlternativeNames: ['harbour.example', '*.harbour.example'],
      ...{ Subject: 'CN=harbour.example', InUseBy: [], SignatureAlgorithm: 'SHA256WITHECDSA' },
      Serial: expect.stringMatching(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/),
      DomainValidationOptions: [{ ValidationStatus: 'SUCCESS' }, { ValidationMethod: 'DNS' }],
    });
    const got = await acm.getCertificate({ CertificateArn });
    const leaf = new X509Certificate(got.Certificate ?? '');
    const authority = new X509Certificate(got.CertificateChain ?? '');
    expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey)).toBe(true);
    expect(authority.verify(authority.publicKey) && authority.ca).toBe(true);
    expect(leaf.checkHost('www.harbour.example')).toBe('*.harbour.example');
    expect(leaf.validFromDate.getTime()).toBeLessThan(clock.now());
    expect(leaf.checkPrivateKey(createPrivateKey(served(CertificateArn).privateKey))).toBe(true);
  });

  it('are trusted by a TLS client that trusts the authority', async () => {
    const arn = await server.issued('harbour.example');
    const { chain, privateKey } = served(arn);
    const { CertificateChain = '' } = await server.acm.getCertificate({ CertificateArn: arn });
    const listener = createServer({ cert: chain, key: privateKey }, (socket) =>
      socket.on('error', () => {}).end('ahoy'),
    );
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', servername: 'harbour.example', ca: CertificateChain });
    await once(client, 'secureConnect');
    expect(client.authorized).toBe(true);
    client.destroy();
    listener.close();
  });

  it('are made once for a token', async () => {
    const request = {
      DomainName: 'a.example',
      IdempotencyToken: 'one',
      KeyAlgorithm: 'EC_prime256v1',
    } as const;
    const first = await server.acm.requestCertificate(request);
    expect((await server.acm.requestCertificate(request)).CertificateArn).toBe(first.CertificateArn);
    const other = await server.acm.requestCertificate({ ...request, DomainName: 'b.example' });
    expect(other.CertificateArn).not.toBe(first.CertificateArn);
  });

  it('are renewed before they end', async () => {
    const { clock, context } = server;
    const arn = await server.issued('a.example');
    const told: string[] = [];
    using _ = onCertificatesChanged(context.state, (changed) => told.push(changed));
    const before = served(arn).chain;
    const { Certificate } = await server.acm.describeCertificate({ CertificateArn: arn });
    const endsAt = Certificate?.NotAfter?.getTime() ?? 0;
    await clock.advance(endsAt - clock.now() - 61 * 86_400_000);
    await server.reconcilers.idle();
    expect(served(arn).chain).toBe(before);
    await clock.advance(2 * 86_400_000);
    await server.reconcilers.idle();
    expect(served(arn).chain).not.toBe(before);
    expect(told).toEqual([arn]);
  });

  it.each([
    [{ DomainName: 'localhost' }, 'ValidationException', /domainName/],
    [{ DomainName: 'a b.example' }, 'ValidationException', /domainName/],
    [{ KeyAlgorithm: 'RSA_1024' }, 'ValidationException', /keyAlgorithm/],
    [{ CertificateAuthorityArn: 'arn:aws:acm-pca:x' }, 'InvalidParameterException', /^Private certificate/],
    [
      { SubjectAlternativeNames: Array.from({ length: 10 }, (_, index) => `${index}.example`) },
      ...(['LimitExceededException', /at most 10 domain names/] as const),
    ],
    [
      { DomainValidationOptions: [{ DomainName: 'b.example', ValidationDomain: 'b.example' }] },
      ...(['InvalidDomainValidationOptionsException', /b\.example/] as const),
    ],
  ])('refuse %o', async (more, name, message) => {
    const request = { DomainName: 'a.example', ...more };
    await expect(server.acm.requestCertificate(request as never)).rejects.toMatchObject(
      refused(name, message),
    );
  });
});

describe('certificates that are imported', () => {
  it('are kept with their key sealed', async () => {
    const { acm, context } = server;
    const parts = await material('quay.example');
    const { CertificateArn = '' } = await acm.importCertificate(parts);
    const { Certificate } = await acm.describeCertificate({ CertificateArn });
    expect(Certificate).toMatchObject({
      ...{ DomainName: 'quay.example', Type: 'IMPORTED', Status: 'ISSUED', KeyAlgorithm: 'EC_prime256v1' },
      RenewalEligibility: 'INELIGIBLE',
    });
    expect(createPrivateKey(served(CertificateArn).privateKey).asymmetricKeyType).toBe('ec');
    expect(hasIssuedCertificate(context.state, scope, CertificateArn)).toBe(true);
    const kept = JSON.stringify([
      ...context.state.list(certificates),
      context.state.get(authorities, authorityKey),
    ]);
    expect(kept).not.toContain('PRIVATE KEY');
  });

  it('take the place of one that was imported before', async () => {
    const { acm } = server;
    const { CertificateArn = '' } = await acm.importCertificate(await material('quay.example'));
    const told: string[] = [];
    using _ = onCertificatesChanged(server.context.state, (changed) => told.push(changed));
    const again = await material('new.example');
    expect(await acm.importCertificate({ ...again, CertificateArn })).toMatchObject({ CertificateArn });
    expect((await acm.describeCertificate({ CertificateArn })).Certificate?.DomainName).toBe('new.example');
    expect(told).toContain(CertificateArn);
    const requested = await server.issued('a.example');
    await expect(acm.importCertificate({ ...again, CertificateArn: requested })).rejects.toMatchObject(
      refused('ValidationException', /was not imported/),
    );
  });

  it('have to belong together', async () => {
    const { acm } = server;
    const [one, two] = [await material('one.example'), await material('two.example')];
    const cases = [
      [{ PrivateKey: two.PrivateKey }, /^The private key does not match/],
      [{ PrivateKey: bytes('x') }, /^The private key is not supported\.$/],
      [{ Certificate: bytes('x') }, /contains no certificate/],
      [{ CertificateChain: undefined }, /^Provided certificate is not a valid self signed\./],
      [
        { CertificateChain: two.Certificate },
        /^Could not validate the certificate with the certificate chain\.$/,
      ],
      [
        { Certificate: Buffer.concat([one.Certificate, two.Certificate]) },
        /more than one certificate\. You can specify only one/,
      ],
    ] as const;
    for (const [more, message] of cases)
      await expect(acm.importCertificate({ ...one, ...more })).rejects.toMatchObject(
        refused('ValidationException', message),
      );
    await server.clock.advance(400 * 86_400_000);
    await expect(acm.importCertificate(one)).rejects.toMatchObject(refused('ValidationException', /expired/));
  });
});

describe('certificates', () => {
  it('are not deleted while something serves them', async () => {
    const { acm, users } = server;
    const CertificateArn = await server.issued('a.example');
    users.set(CertificateArn, ['arn:aws:elasticloadbalancing:x']);
    expect((await acm.describeCertificate({ CertificateArn })).Certificate?.InUseBy).toHaveLength(1);
    await expect(acm.deleteCertificate({ CertificateArn })).rejects.toMatchObject(
      refused('ResourceInUseException', /is in use\.$/),
    );
    users.clear();
    await acm.deleteCertificate({ CertificateArn });
    await expect(acm.describeCertificate({ CertificateArn })).rejects.toMatchObject(
      refused('ResourceNotFoundException', /^Could not find certificate arn:aws:acm:/),
    );
    await expect(acm.describeCertificate({ CertificateArn: 'x'.repeat(30) })).rejects.toMatchObject({
      name: 'InvalidArnException',
    });
  });

  it('are listed by key, status and age', async () => {
    const { acm, clock } = server;
    await server.issued('a.example');
    await clock.advance(1_000);
    await server.issued('b.example', { KeyAlgorithm: 'RSA_2048' });
    const names = async (input: Parameters<typeof acm.listCertificates>[0]) => {
      const { CertificateSummaryList = [] } = await acm.listCertificates(input);
      return CertificateSummaryList.map(({ DomainName }) => DomainName);
    };
    expect(await names({})).toEqual(['b.example']);
    const all = { Includes: { keyTypes: ['RSA_2048', 'EC_prime256v1'] } } as const;
    const includes = { Includes: { keyTypes: [...all.Includes.keyTypes] } };
    expect(await names({ ...includes, SortBy: 'CREATED_AT', SortOrder: 'DESCENDING' })).toEqual([
      ...['b.example', 'a.example'],
    ]);
    expect(await names({ ...includes, CertificateStatuses: ['EXPIRED'] })).toEqual([]);
    const { NextToken } = await acm.listCertificates({ ...includes, MaxItems: 1 });
    expect(await names({ ...includes, MaxItems: 1, ...(NextToken && { NextToken }) })).toEqual(['b.example']);
  });

  it('carry tags', async () => {
    const { acm } = server;
    const CertificateArn = await server.issued('a.example', { Tags: [{ Key: 'a', Value: 'b' }] });
    await acm.addTagsToCertificate({ CertificateArn, Tags: [{ Key: 'c', Value: 'd' }] });
    const Tags = [{ Key: 'a', Value: 'other' }, { Key: 'c' }];
    await acm.removeTagsFromCertificate({ CertificateArn, Tags });
    expect((await acm.listTagsForCertificate({ CertificateArn })).Tags).toEqual([{ Key: 'a', Value: 'b' }]);
  });
});
