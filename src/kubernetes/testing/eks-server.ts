import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { KMS } from '@aws-sdk/client-kms';
import { STS } from '@aws-sdk/client-sts';
import { type Clock, seededRandom, systemClock } from '../../clock/index.ts';
import { eksAuthRoute, podRoles } from '../../composition/eks-auth.ts';
import { eksToken } from '../../eks-token.ts';
import { createGateway, presignedCallerVerifier } from '../../gateway/index.ts';
import { recordingLog } from '../../log.ts';
import { openState, type Reconcilers, type State, startReconcilers } from '../../reconcile/index.ts';
import { createSealer, sealingKeyBytes } from '../../sealing/index.ts';
import {
  type AcmContext,
  createAcm,
  hasIssuedCertificate,
  loadAcmReconcilers,
} from '../../services/acm/index.ts';
import { createEc2, defaultVpc } from '../../services/ec2/index.ts';
import {
  clusterKey,
  clusters,
  createEks,
  type EksContext,
  loadEksReconcilers,
} from '../../services/eks/index.ts';
import { createElb } from '../../services/elbv2/index.ts';
import { createIam, whyNotPermitted, whyNotResourcePolicy } from '../../services/iam/index.ts';
import type { Infrastructure } from '../../services/infrastructure.ts';
import { createKms, grantDataKey, type KmsContext, openDataKey } from '../../services/kms/index.ts';
import { createLogs, MemoryEventStore, writeToOwnLogGroup } from '../../services/logs/index.ts';
import { rootPrincipal } from '../../services/service.ts';
import { createSts } from '../../services/sts/index.ts';
import { openMemoryStore, type Store } from '../../store/index.ts';
import { newTokenKey } from '../authentication/service-accounts/token-key.ts';
import type { KubernetesContext } from '../context.ts';
import { controlPlaneOf, createKubernetes } from '../index.ts';
import { infrastructureOf } from './infrastructure.ts';

export const scope = { accountId: '111122223333', region: 'eu-west-1' };
const publicCidr = '198.18.0.0/24';
/** Of the account's root. */
const credentials: Key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** EKS and the control planes of its clusters, with IAM and STS, as users meet them: the official SDK and HTTPS. */
export interface EksServer extends AsyncDisposable {
  /** These four sign as the account's root. */
  readonly eks: EKS;
  readonly iam: IAM;
  readonly kms: KMS;
  readonly sts: STS;
  readonly logs: CloudWatchLogs;
  readonly endpoint: string;
  /** Of the account's root. */
  readonly key: Key;
  signedBy(key: Key): { readonly eks: EKS; readonly iam: IAM; readonly kms: KMS; readonly sts: STS };
  readonly store: Store;
  readonly state: State;
  readonly clock: Clock;
  readonly reconcilers: Reconcilers;
  readonly subnetIds: string[];
  /** What there is of EC2, Elastic Load Balancing and ACM. */
  readonly ask: Infrastructure;
  /** Has the API server of a cluster answer a connection, as if it came within the cluster's VPC. */
  accept(clusterName: string, socket: Socket): void;
  /** What a process would have logged of warnings and errors. */
  troubles(): readonly unknown[];
  /** Makes a cluster and waits until it is ACTIVE. */
  cluster(name: string, more?: object): Promise<TestCluster>;
  /** One that was there before. */
  found(name: string): Promise<TestCluster>;
}

/** Where a cluster answers, and what proves that it does. */
export interface Known {
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
}

export interface TestCluster extends Known {
  /** As `aws eks get-token` makes one. @param key Default: the one that made the cluster. */
  token(options?: {
    readonly clusterName?: string;
    readonly key?: Key;
    readonly at?: number;
  }): Promise<string>;
  /** Signed in as who made the cluster, unless `headers` say otherwise. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any kind, which tests look into.
  readonly json: any;
}

export async function startEks(
  options: {
    readonly store?: Store;
    readonly whyNotAssumed?: EksContext['whyNotAssumed'];
    /** Of identity providers; default: as they tell themselves. */
    readonly issuerKeys?: KubernetesContext['issuerKeys'];
    /** What is in clusters' VPCs; default: nothing. */
    readonly connectIn?: KubernetesContext['connectIn'];
    /** Default: none. */
    readonly otherMachines?: EksContext['otherMachines'];
  } = {},
): Promise<EksServer> {
  const stack = new AsyncDisposableStack();
  const clock = systemClock();
  const random = seededRandom(`eks ${clock.now()}`);
  const log = recordingLog();
  const store = options.store ?? stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const sealer = createSealer(seededRandom('sealing').bytes(sealingKeyBytes), random);
  const root = {
    secretAccessKey: credentials.secretAccessKey,
    principal: rootPrincipal(scope.accountId, credentials.accessKeyId),
  };
  const iam = createIam({
    ...{ state, clock, random, sealer, firstAccountId: scope.accountId },
    ownKeys: (accessKeyId) => (accessKeyId === credentials.accessKeyId ? root : undefined),
    ...{ isHolderAlive: () => true, linkedResources: () => [] },
  });
  const ec2 = createEc2({ state, clock, random, publicCidr });
  const elb = createElb({
    ...{ state, clock, random, sealer, publicCidr, writeLogObject: () => {} },
    hasCertificate: hasIssuedCertificate,
    ensureServiceLinkedRole: async () => {},
  });
  const acmContext: AcmContext = { state, clock, random, sealer, usersOf: () => [] };
  const assumeRole = infrastructureOf(() => [ec2.service, elb, createAcm(acmContext)], clock);
  const kms: KmsContext = {
    ...{ state, clock, random, sealer, whyNotPolicy: whyNotResourcePolicy },
    whyNotPermitted: (asked) => whyNotPermitted(state, asked),
  };
  const logsContext = { state, clock, random, events: new MemoryEventStore() };
  const otherMachines = options.otherMachines ?? (() => []);
  const context: KubernetesContext = {
    ...{ store, state, clock, random, log, host: '127.0.0.1', otherMachines },
    sealer,
    verifyCaller: presignedCallerVerifier(iam.findCredentials, iam.noteUse),
    newTokenKey: nextTokenKey,
    issuerKeys: options.issuerKeys ?? iam.issuerKeys,
    connectIn: options.connectIn ?? nobody,
    openDataKey: openDataKey.bind(undefined, kms),
    assumeRole,
    writeLogLines: (place, where, lines) => writeToOwnLogGroup(logsContext, place, where, lines),
  };
  await ec2.ensureDefaultVpc(scope);
  const eksContext: EksContext = {
    ...{ state, clock, random, publicCidr, controlPlaneOf, machineArchitecture: () => 'x86_64' },
    grantDataKey: grantDataKey.bind(undefined, kms),
    whyNotAssumed: options.whyNotAssumed ?? (() => undefined),
    otherMachines,
  };
  const kubernetes = stack.use(createKubernetes(context));
  const gateway = createGateway({
    services: [iam.service, createSts(iam), createLogs(logsContext), createKms(kms), createEks(eksContext)],
    routes: [eksAuthRoute({ state, random, podOfToken: kubernetes.podOfToken, assumeRole: podRoles(iam) })],
    ...{
      clock,
      random,
      log,
      credentials: iam.findCredentials,
      authorize: iam.authorize,
      noteUse: iam.noteUse,
    },
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const endpoint = `http://127.0.0.1:${port}`;
  const reconcilers = stack.use(
    startReconcilers({
      ...{ state, store, clock, random, log },
      reconcilers: [
        ...(await loadEksReconcilers(eksContext)),
        ...(await loadAcmReconcilers(acmContext)),
        ...kubernetes.reconcilers,
      ],
    }),
  );
  const signedBy: EksServer['signedBy'] = (key) => {
    const settings = {
      endpoint,
      ...{ region: scope.region, credentials: key, maxAttempts: 1 },
    };
    const made = {
      ...{ eks: new EKS(settings), iam: new IAM(settings), kms: new KMS(settings) },
      sts: new STS(settings),
    };
    for (const client of Object.values(made)) stack.defer(() => client.destroy());
    return made;
  };
  const clients = signedBy(credentials);
  const logs = new CloudWatchLogs({
    endpoint: `http://127.0.0.1:${port}`,
    ...{ region: scope.region, credentials, maxAttempts: 1 },
  });
  stack.defer(() => logs.destroy());
  const { eks } = clients;
  const subnetIds = [...(defaultVpc(state, scope)?.subnets ?? [])].map(({ subnetId }) => subnetId);
  const found: EksServer['found'] = async (name) => {
    await reconcilers.idle();
    const { cluster } = await eks.describeCluster({ name });
    if (cluster?.status !== 'ACTIVE')
      throw new Error(`${name} is ${cluster?.status}: ${JSON.stringify(log.lines)}`);
    const { endpoint = '', certificateAuthority } = cluster;
    const authority = Buffer.from(certificateAuthority?.data ?? '', 'base64').toString();
    return testCluster(name, { endpoint, certificateAuthority: authority });
  };
  return {
    ...{
      ...clients,
      logs,
      endpoint,
      key: credentials,
      signedBy,
      store,
      state,
      clock,
      reconcilers,
      subnetIds,
      ask: assumeRole({ scope }),
    },
    accept: (clusterName, socket) => {
      const { id = '' } = state.get(clusters, clusterKey(scope, clusterName)) ?? {};
      kubernetes.accept({ ...scope, id }, socket);
    },
    troubles: () => log.lines.filter(({ level }) => level === 'warn' || level === 'error'),
    cluster: async (name, more = {}) => {
      await eks.createCluster({
        ...{ name, roleArn: `arn:aws:iam::${scope.accountId}:role/eks` },
        ...{ resourcesVpcConfig: { subnetIds }, ...more },
      });
      return found(name);
    },
    found,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const tokenKeys: Promise<string>[] = [];
let keysTaken = 0;

/**
 * An RSA key takes 60 ms of a processor, now and then much more: the clusters of a process take turns with a few. Those
 * that are made one after the other never have the same.
 */
function nextTokenKey(): Promise<string> {
  const turn = keysTaken % 8;
  keysTaken += 1;
  const key = tokenKeys[turn] ?? newTokenKey();
  tokenKeys[turn] = key;
  return key;
}

const nobody: KubernetesContext['connectIn'] = async ({ id }, { host }) => {
  throw Object.assign(new Error(`${id} has nobody at ${host}`), { code: 'EHOSTUNREACH' });
};

/** A cluster that is known, to whoever has the key of the account's root. */
export function testCluster(name: string, { endpoint, certificateAuthority }: Known): TestCluster {
  const token: TestCluster['token'] = ({ clusterName = name, key = credentials, at } = {}) =>
    eksToken(clusterName, scope.region, key, at ?? Date.now());
  return {
    ...{ endpoint, certificateAuthority, token },
    call: async (method, path, body, headers = {}) => {
      const sent = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      const given = { authorization: `Bearer ${await token()}`, ...headers };
      return call(`${endpoint}${path}`, certificateAuthority, method, sent, given);
    },
  };
}

function call(
  url: string,
  ca: string,
  method: string,
  body: Buffer | undefined,
  headers: Record<string, string>,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    // Without it Node sends what a DELETE has to say without its length.
    const sized = { ...headers, ...(body && { 'content-length': String(body.length) }) };
    const request = httpsRequest(url, { method, ca, headers: sized, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        const isJson = String(response.headers['content-type']).startsWith('application/json');
        const json = isJson && !text.includes('}\n{') && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text, json });
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}
