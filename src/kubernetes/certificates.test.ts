import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pkcs8 } from '../certificates/index.ts';
import { type EksServer, startEks, type TestCluster } from './testing/eks-server.ts';

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const roles = '/apis/rbac.authorization.k8s.io/v1';
const client = 'kubernetes.io/kube-apiserver-client';
const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet';

let server: EksServer;
let harbor: TestCluster;
let lagoon: TestCluster;
beforeAll(async () => {
  server = await startEks();
  [harbor, lagoon] = [await server.cluster('harbor'), await server.cluster('lagoon')];
});
afterAll(() => server[Symbol.asyncDispose]());

interface Asked {
  readonly pem: string;
  readonly privateKey: string;
}

/** @param subject Such as `CN=ada, O=team`. */
async function ask(subject: string, dnsNames: readonly string[] = []): Promise<Asked> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await Pkcs10CertificateRequestGenerator.create({
    ...{ name: subject, keys, signingAlgorithm: algorithm },
    extensions:
      dnsNames.length === 0
        ? []
        : [new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value })))],
  });
  return { pem: made.toString('pem'), privateKey: await pkcs8(keys.privateKey) };
}

const bodyOf = (name: string, { pem }: Asked, signerName = client, usages = ['client auth'], more = {}) => ({
  metadata: { name },
  spec: { request: Buffer.from(pem).toString('base64'), signerName, usages, ...more },
});
const create = (body: object, headers = {}) => harbor.call('POST', requests, body, headers);
const get = async (name: string) => {
  await server.reconcilers.idle();
  return (await harbor.call('GET', `${requests}/${name}`)).json;
};

/** As `kubectl certificate approve` does it. */
async function decide(name: string, type: 'Approved' | 'Denied', headers = {}) {
  const found = (await harbor.call('GET', `${requests}/${name}`)).json;
  const condition = { type, status: 'True', reason: `Kubectl${type}`, message: 'by hand' };
  const conditions = [...(found.status.conditions ?? []), condition];
  return harbor.call('PUT', `${requests}/${name}/approval`, { ...found, status: { conditions } }, headers);
}

async function issued(name: string): Promise<string> {
  const { status } = await get(name);
  return Buffer.from(status.certificate, 'base64').toString();
}

/** Somebody else's right to approve or sign. */
async function allow(user: string, verb: string, signer: string, subresource: string): Promise<void> {
  const rules = [
    {
      verbs: ['get', 'update'],
      apiGroups: ['certificates.k8s.io'],
      resources: ['certificatesigningrequests', `certificatesigningrequests/${subresource}`],
    },
    { verbs: [verb], apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: [signer] },
  ];
  await harbor.call('POST', `${roles}/clusterroles`, { metadata: { name: user }, rules });
  await harbor.call('POST', `${roles}/clusterrolebindings`, {
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
    subjects: [{ kind: 'User', name: user }],
  });
}

/** With a client's certificate and nothing else. */
function whoAmI(
  cluster: TestCluster,
  cert: string,
  key: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly userInfo: unknown }> {
  return new Promise((resolve, reject) => {
    const url = `${cluster.endpoint}/apis/authentication.k8s.io/v1/selfsubjectreviews`;
    const asked = httpsRequest(
      url,
      { method: 'POST', ca: cluster.certificateAuthority, cert, key, headers, agent: false },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += String(chunk);
        resolve({ status: response.statusCode ?? 0, userInfo: JSON.parse(text).status?.userInfo });
      },
    );
    asked.once('error', reject);
    asked.end('{}');
  });
}

describe('a request for a client certificate', () => {
  it('says who asks, is approved, signed by the cluster, and lets in whom it names', async () => {
    const ada = await ask('CN=ada, O=team:blue, O=readers');
    const made = await create({
      ...bodyOf('ada', ada, client, ['client auth'], {
        username: 'root',
        expirationSeconds: 3600,
      }),
      status: { certificate: 'Zm9yZ2Vk' },
    });
    expect(made.json).toMatchObject({ spec: { username: expect.stringMatching(/:root$/) } });
    expect((await get('ada')).status).toEqual({});
    expect((await decide('ada', 'Approved')).status).toBe(200);
    const pem = await issued('ada');
    const certificate = new X509Certificate(pem);
    expect(certificate.verify(new X509Certificate(harbor.certificateAuthority).publicKey)).toBe(true);
    const lifeMs = Date.parse(certificate.validTo) - server.clock.now();
    expect(lifeMs > 3_500_000 && lifeMs <= 3_600_000).toBe(true);
    expect(await whoAmI(harbor, pem, ada.privateKey)).toEqual({
      status: 201,
      userInfo: {
        ...{ username: 'ada', groups: ['team:blue', 'readers', 'system:authenticated'] },
        extra: {
          'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/)],
        },
      },
    });
    // Another cluster's, to which the same name is nobody's; with a good token it does no harm.
    expect(await whoAmI(lagoon, pem, ada.privateKey)).toEqual({ status: 401, userInfo: undefined });
    const token = { authorization: `Bearer ${await lagoon.token()}` };
    expect((await whoAmI(lagoon, pem, ada.privateKey, token)).status).toBe(201);
    const table = await harbor.call('GET', `${requests}/ada`, undefined, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    });
    expect(table.json.rows[0].cells.slice(2)).toEqual([
      client,
      made.json.spec.username,
      '60m',
      'Approved,Issued',
    ]);
  });

  it('that is denied is never signed, and a decision stands', async () => {
    await create(bodyOf('eve', await ask('CN=eve')));
    await decide('eve', 'Denied');
    const after = await decide('eve', 'Approved');
    expect([after.status, after.json.message]).toEqual([
      422,
      'CertificateSigningRequest.certificates.k8s.io "eve" is invalid: status.conditions[0].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ]);
    const found = await get('eve');
    expect(found.status.certificate).toBeUndefined();
    const undone = await harbor.call('PUT', `${requests}/eve/approval`, { ...found, status: {} });
    expect(undone.json.message).toContain('updates may not remove a condition of type "Denied"');
  });

  it('cannot be changed, nor approved or signed by the wrong endpoint', async () => {
    await create(bodyOf('bob', await ask('CN=bob')));
    const patch = (path: string, body: object) =>
      harbor.call('PATCH', `${requests}/bob${path}`, body, {
        'content-type': 'application/merge-patch+json',
      });
    const spec = (await get('bob')).spec;
    await patch('', {
      spec: { signerName: 'example.com/other' },
      status: { conditions: [{ type: 'Approved', status: 'True' }] },
    });
    await patch('/status', { status: { conditions: [{ type: 'Approved', status: 'True' }] } });
    await patch('/approval', {
      status: { certificate: Buffer.from(harbor.certificateAuthority).toString('base64') },
    });
    expect(await get('bob')).toMatchObject({ spec, status: {} });
    expect((await get('bob')).status.certificate).toBeUndefined();
    expect((await get('bob')).status.conditions ?? []).toEqual([]);
  });

  it('is approved and signed by whoever may for its signer', async () => {
    await create(bodyOf('carol', await ask('CN=carol')));
    await create(bodyOf('own', await ask('CN=own'), 'example.com/own'));
    await allow('approver', 'approve', 'example.com/own', 'approval');
    await allow('signer', 'sign', 'example.com/*', 'status');
    const as = (user: string) => ({ 'impersonate-user': user });
    const refused = await decide('carol', 'Approved', as('approver'));
    expect([refused.status, refused.json.message]).toEqual([
      403,
      `certificatesigningrequests.certificates.k8s.io "carol" is forbidden: user not permitted to approve requests with signerName "${client}"`,
    ]);
    expect((await decide('own', 'Approved', as('approver'))).status).toBe(200);
    const sign = async (name: string) =>
      harbor.call(
        'PUT',
        `${requests}/${name}/status`,
        {
          ...(await get(name)),
          status: { certificate: Buffer.from(harbor.certificateAuthority).toString('base64') },
        },
        as('signer'),
      );
    expect((await sign('carol')).status).toBe(403);
    // The cluster signs for its own signers alone.
    expect((await get('own')).status.certificate).toBeUndefined();
    expect((await sign('own')).status).toBe(200);
    expect((await get('own')).status).toMatchObject({ conditions: [{ type: 'Approved' }] });
  });
});

describe('the authority of clients', () => {
  it('is told to servers that extend the API', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const { data } = (await harbor.call('GET', path)).json;
    expect(data).toMatchObject({
      'client-ca-file': harbor.certificateAuthority,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
    // Who may be made a client of the cluster may not say that he is somebody else.
    expect(data['requestheader-client-ca-file']).not.toBe(harbor.certificateAuthority);
  });
});

describe('a request is refused', () => {
  const cases: readonly (readonly [
    what: string,
    body: () => Promise<object>,
    status: number,
    message: string,
  ])[] = [
    [
      'for the masters',
      async () => bodyOf('x', await ask('CN=eve, O=system:masters')),
      403,
      `certificatesigningrequests.certificates.k8s.io "x" is forbidden: use of ${client} signer with system:masters group is not allowed`,
    ],
    [
      'that is none',
      async () => bodyOf('x', { pem: 'nothing', privateKey: '' }),
      422,
      'CertificateSigningRequest.certificates.k8s.io "x" is invalid: spec.request: Invalid value: "bm90aGluZw==": PEM block type must be CERTIFICATE REQUEST',
    ],
    [
      'for minutes',
      async () => bodyOf('x', await ask('CN=x'), client, ['client auth'], { expirationSeconds: 60 }),
      422,
      'CertificateSigningRequest.certificates.k8s.io "x" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)',
    ],
    [
      'of the signer of old',
      async () => bodyOf('x', await ask('CN=x'), 'kubernetes.io/legacy-unknown'),
      422,
      'CertificateSigningRequest.certificates.k8s.io "x" is invalid: spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ];
  it.each(cases)('%s', async (_what, body, status, message) => {
    const answered = await create(await body());
    expect([answered.status, answered.json.message]).toEqual([status, message]);
  });
});

describe('a request of a kubelet', () => {
  const usages = ['digital signature', 'client auth'];

  it('is approved by itself where the requester may have such certificates', async () => {
    const node = await ask('CN=system:node:one, O=system:nodes');
    const as = { 'impersonate-user': 'bootstrap' };
    await harbor.call('POST', `${roles}/clusterroles`, {
      metadata: { name: 'bootstrap' },
      rules: [
        { verbs: ['create'], apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'] },
      ],
    });
    await harbor.call('POST', `${roles}/clusterrolebindings`, {
      metadata: { name: 'bootstrap' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'bootstrap' },
      subjects: [{ kind: 'User', name: 'bootstrap' }],
    });
    await create(bodyOf('unasked', node, kubelet, usages), as);
    expect((await get('unasked')).status.conditions).toBeUndefined();
    await harbor.call('POST', `${roles}/clusterrolebindings`, {
      metadata: { name: 'nodeclient' },
      roleRef: {
        ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
        name: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      },
      subjects: [{ kind: 'User', name: 'bootstrap' }],
    });
    expect((await create(bodyOf('one', node, kubelet, usages), as)).status).toBe(201);
    const { status } = await get('one');
    expect(status.conditions).toMatchObject([{ type: 'Approved', reason: 'AutoApproved' }]);
    const pem = Buffer.from(status.certificate, 'base64').toString();
    expect((await whoAmI(harbor, pem, node.privateKey)).userInfo).toMatchObject({
      ...{ username: 'system:node:one', groups: ['system:nodes', 'system:authenticated'] },
    });
  });

  it('for what is no node’s is failed when it is approved', async () => {
    await create(bodyOf('odd', await ask('CN=odd, O=system:nodes'), kubelet, usages));
    await decide('odd', 'Approved');
    expect((await get('odd')).status.conditions).toMatchObject([
      { type: 'Approved' },
      {
        ...{ type: 'Failed', reason: 'SignerValidationFailure' },
        message: 'subject common name does not begin with system:node:',
      },
    ]);
  });

  it('for its server names where it answers, and is no client', async () => {
    const node = await ask('CN=system:node:one, O=system:nodes', ['one.internal']);
    await create(
      bodyOf('serving', node, 'kubernetes.io/kubelet-serving', ['digital signature', 'server auth']),
    );
    expect((await get('serving')).status.certificate).toBeUndefined();
    await decide('serving', 'Approved');
    const pem = await issued('serving');
    expect(new X509Certificate(pem).checkHost('one.internal')).toBe('one.internal');
    expect((await whoAmI(harbor, pem, node.privateKey)).status).toBe(401);
  });
});
