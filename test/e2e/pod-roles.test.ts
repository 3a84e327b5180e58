import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eksToken } from '../../src/eks-token.ts';
import { askEngine } from './footprint.ts';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const group = '/roles';
const clusterName = 'harbor';

/**
 * With the SDK's own way of finding credentials, told nothing but where AWS is. It gives what it asks a second, which is little
 * where other pods begin: who has no credentials looks again.
 */
const program = `import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { STS } from '@aws-sdk/client-sts';
const what = (asked) => asked.then(() => 'allowed', (error) => error.name);
let sts;
let is = '';
for (let looks = 0; looks < 5 && !is.startsWith('arn:'); looks++) {
  sts = new STS({});
  is = await sts.getCallerIdentity({}).then(({ Arn }) => Arn, (error) => error.name);
}
const logs = new CloudWatchLogs({ credentials: sts.config.credentials });
console.log(JSON.stringify({
  is,
  reads: await what(logs.filterLogEvents({ logGroupName: '${group}' })),
  writes: await what(logs.createLogStream({ logGroupName: '${group}', logStreamName: 'mine' })),
}));`;

interface Said {
  readonly is: string;
  readonly reads: string;
  readonly writes: string;
}

/** Real pods with the unmodified SDK for JavaScript, and the three ways in which pods come to a role. */
describe('a pod’s role', () => {
  let installation: Installation;
  let kubectl: string;
  let image: string;
  let kubeconfig: string;
  let iam: IAM;
  let eks: EKS;
  let accountId: string;
  let issuer: string;
  let applied = 0;

  const k = async (...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    return (await run(kubectl, [...args], { env, timeout: 110_000 })).stdout;
  };
  const apply = async (...objects: readonly object[]): Promise<void> => {
    applied += 1;
    const path = join(installation.stateDirectory, `objects-${applied}.json`);
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await k('apply', '-f', path);
  };
  const statement = (members: object): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...members }] });
  /** A role that reads logs and does nothing else. */
  async function makeReader(RoleName: string, trusted: object): Promise<string> {
    const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: statement(trusted) });
    await iam.putRolePolicy({
      ...{ RoleName, PolicyName: 'own' },
      PolicyDocument: statement({ Action: ['logs:GetLogEvents', 'logs:FilterLogEvents'], Resource: '*' }),
    });
    return Role?.Arn ?? '';
  }
  const serviceAccount = (name: string, annotations: object = {}) => ({
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, annotations } },
  });

  /** What the program says in a pod, which has this machine's Node and its libraries for it. */
  async function inPod(
    name: string,
    serviceAccountName: string,
    { annotations = {}, namespace = 'default' } = {},
  ): Promise<Said> {
    const paths = [
      ...new Set([dirname(process.execPath), join(root, 'node_modules'), '/usr/lib', '/lib', '/lib64']),
    ];
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations } },
      spec: {
        ...{ restartPolicy: 'Never', serviceAccountName, automountServiceAccountToken: false },
        containers: [
          {
            ...{ name: 'main', image, imagePullPolicy: 'IfNotPresent', workingDir: root },
            command: [process.execPath, '--input-type=module', '--eval', program],
            env: [
              { name: 'AWS_ENDPOINT_URL', value: installation.endpoint },
              { name: 'AWS_REGION', value: 'us-east-1' },
            ],
            volumeMounts: paths.map((mountPath, index) => ({ name: `v${index}`, mountPath, readOnly: true })),
          },
        ],
        volumes: paths.map((path, index) => ({ name: `v${index}`, hostPath: { path } })),
      },
    });
    const of = ['pod', name, '-n', namespace];
    let seen = '';
    const phase = await waitFor(
      `the pod ${name} to end`,
      async () => {
        seen = await k('get', ...of, '-o', 'jsonpath={.status}');
        const { phase: now } = JSON.parse(seen);
        return now === 'Succeeded' || now === 'Failed' ? now : undefined;
      },
      () => seen,
    );
    const said = await k('logs', name, '-n', namespace);
    expect(phase, `${said}\n${await k('get', ...of, '-o', 'yaml')}`).toBe('Succeeded');
    return JSON.parse(said);
  }

  const readsOnly = { reads: 'allowed', writes: 'AccessDeniedException' };
  const nobody = {
    ...{ is: 'CredentialsProviderError', reads: 'CredentialsProviderError' },
    writes: 'CredentialsProviderError',
  };

  beforeAll(async () => {
    // Pods reach the Engine's own bridge, where their VPC lets them out.
    const bridge = (await askEngine('GET', '/networks/bridge')) as {
      IPAM: { Config: { Gateway?: string; Subnet: string }[] };
    };
    const [{ Gateway, Subnet } = { Subnet: '' }] = bridge.IPAM.Config;
    // An Engine that was never started again does not tell the bridge's own address, which is the first one.
    const host = Gateway ?? Subnet.replace(/\.0\/\d+$/, '.1');
    [kubectl, installation, image] = await Promise.all([
      fetchKubectl(),
      Installation.start({ upOptions: ['--host', host] }),
      testImage(),
    ]);
    const options = installation.clientOptions();
    [iam, eks] = [new IAM(options), new EKS(options)];
    accountId = (await new STS(options).getCallerIdentity({})).Account ?? '';
    await installation.logs().createLogGroup({ logGroupName: group });
    for (const [RoleName, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const) {
      const trusted = { Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' };
      await iam.createRole({ RoleName, AssumeRolePolicyDocument: statement(trusted) });
    }
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await iam.attachRolePolicy({ RoleName: 'node', PolicyArn: `arn:aws:iam::aws:policy/${policy}` });
    const role = (name: string): string => `arn:aws:iam::${accountId}:role/${name}`;
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    await eks.createCluster({
      ...{ name: clusterName, roleArn: role('harbor'), resourcesVpcConfig: { subnetIds } },
    });
    const cluster = await waitFor('the cluster', async () => {
      const { cluster: seen } = await eks.describeCluster({ name: clusterName });
      return seen?.status === 'ACTIVE' ? seen : undefined;
    });
    issuer = cluster.identity?.oidc?.issuer ?? '';
    kubeconfig = join(installation.stateDirectory, 'kubeconfig');
    const token = await eksToken(clusterName, 'us-east-1', options.credentials, Date.now());
    const authority = { 'certificate-authority-data': cluster.certificateAuthority?.data };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'harbor' },
      contexts: [{ name: 'harbor', context: { cluster: 'harbor', user: 'maker' } }],
      clusters: [{ name: 'harbor', cluster: { server: cluster.endpoint, ...authority } }],
      users: [{ name: 'maker', user: { token } }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    await eks.createNodegroup({
      ...{ clusterName, nodegroupName: 'blue', nodeRole: role('node'), subnets: subnetIds },
      ...{ instanceTypes: ['t3.small'], scalingConfig: { minSize: 1, maxSize: 1, desiredSize: 1 } },
    });
    await waitFor('the node', async () => {
      const ready = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}';
      return (await k('get', 'nodes', '-o', ready)) === 'True' ? true : undefined;
    });
  }, 300_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  it('by Pod Identity is that of its ServiceAccount’s association, and nobody else’s', async () => {
    const roleArn = await makeReader('associated', {
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
    await eks.createPodIdentityAssociation({
      ...{ clusterName, namespace: 'default', serviceAccount: 'associated', roleArn },
    });
    await apply(serviceAccount('associated'), serviceAccount('plain'));
    const [said, other] = await Promise.all([
      inPod('by-association', 'associated'),
      inPod('without', 'plain'),
    ]);
    expect(said).toMatchObject(readsOnly);
    expect(said.is).toMatch(/:assumed-role\/associated\/eks-harbor-by-association-/);
    expect(other).toEqual(nobody);
  }, 180_000);

  it('by its ServiceAccount’s annotation is one that trusts the account’s token', async () => {
    const client = { Url: issuer, ClientIDList: ['sts.amazonaws.com'] };
    const { OpenIDConnectProviderArn } = await iam.createOpenIDConnectProvider(client);
    const issued = issuer.replace('https://', '');
    const roleArn = await makeReader('annotated', {
      Principal: { Federated: OpenIDConnectProviderArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${issued}:sub`]: 'system:serviceaccount:default:annotated',
          [`${issued}:aud`]: 'sts.amazonaws.com',
        },
      },
    });
    const annotations = { 'eks.amazonaws.com/role-arn': roleArn };
    await apply(serviceAccount('annotated', annotations), serviceAccount('impostor', annotations));
    const [said, impostor] = await Promise.all([
      inPod('by-token', 'annotated'),
      inPod('by-other-token', 'impostor'),
    ]);
    expect(said).toMatchObject(readsOnly);
    expect(said.is).toMatch(/:assumed-role\/annotated\//);
    expect(impostor).toEqual({ is: 'AccessDenied', reads: 'AccessDenied', writes: 'AccessDenied' });
  }, 180_000);

  it('by its own annotation, as with KIAM, is one that its namespace permits', async () => {
    const roleArn = await makeReader('drifting', {
      ...{ Principal: { AWS: `arn:aws:iam::${accountId}:role/node` }, Action: 'sts:AssumeRole' },
    });
    await iam.putRolePolicy({
      ...{ RoleName: 'node', PolicyName: 'roles-of-pods' },
      PolicyDocument: statement({ Action: 'sts:AssumeRole', Resource: roleArn }),
    });
    const permitted = { 'iam.amazonaws.com/permitted': '.*/drifting' };
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shore', annotations: permitted } });
    await k('-n', 'shore', 'wait', 'serviceaccount/default', '--for=create', '--timeout=100s');
    const annotations = { 'iam.amazonaws.com/role': 'drifting' };
    const [said, plain, forbidden] = await Promise.all([
      inPod('by-annotation', 'default', { annotations, namespace: 'shore' }),
      inPod('without-annotation', 'default', { namespace: 'shore' }),
      inPod('not-permitted', 'default', { annotations }),
    ]);
    expect(said).toMatchObject(readsOnly);
    expect(said.is).toMatch(/:assumed-role\/drifting\/kiam$/);
    expect(plain).toEqual(nobody);
    expect(forbidden).toEqual(nobody);
    await expect
      .poll(() => k('get', 'events', '--field-selector', 'involvedObject.name=not-permitted'))
      .toMatch(/KiamRoleForbidden .*namespace policy expression '\(empty\)' forbids role 'arn/);
  }, 180_000);
});
