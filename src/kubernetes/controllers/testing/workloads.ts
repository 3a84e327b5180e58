import { seededRandom } from '../../../clock/index.ts';
import { recordingLog } from '../../../log.ts';
import { startReconcilers } from '../../../reconcile/index.ts';
import { type EksServer, startEks, type TestCluster } from '../../testing/eks-server.ts';
import { type Decide, fakeKubelet } from './fake-kubelet.ts';

/** A cluster whose pods run as far as the API can tell, and a namespace of the test's own. */
export interface Workloads extends AsyncDisposable {
  readonly server: EksServer;
  readonly cluster: TestCluster;
  /** What becomes of pods from now on. */
  decide(decide: Decide): void;
  /** Waits until nobody has anything to do. */
  settled(): Promise<void>;
  namespace(): Promise<Namespace>;
}

export interface Namespace {
  readonly name: string;
  /** Of resources such as `deployments.apps`. Everything has settled before. */
  // biome-ignore lint/suspicious/noExplicitAny: objects of any kind, which tests look into.
  list(resource: string): Promise<any[]>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  get(resource: string, name: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  create(resource: string, body: object): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  patch(resource: string, name: string, body: object): Promise<any>;
  delete(resource: string, name: string): Promise<void>;
  path(resource: string, name?: string): string;
}

export async function openWorkloads(): Promise<Workloads> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startEks());
  const { state, store, clock } = server;
  let fate: Decide = () => 'Ready';
  const kubelets = stack.use(
    startReconcilers({
      ...{ state, store, clock, random: seededRandom(1), log: recordingLog() },
      reconcilers: [fakeKubelet({ state, store, now: () => clock.now() }, (pod) => fate(pod))],
    }),
  );
  const cluster = await server.cluster('harbor');
  let namespaces = 0;
  const settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < 2; ) {
      const before = await store.revision();
      await server.reconcilers.idle();
      await kubelets.idle();
      quiet = (await store.revision()) === before ? quiet + 1 : 0;
    }
  };
  return {
    ...{ server, cluster, settled },
    decide: (decide) => {
      fate = decide;
    },
    namespace: async () => {
      const name = `work-${++namespaces}`;
      await cluster.call('POST', '/api/v1/namespaces', { metadata: { name } });
      await settled();
      return namespaceOf(cluster, name, settled);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function namespaceOf(cluster: TestCluster, name: string, settled: () => Promise<void>): Namespace {
  const path: Namespace['path'] = (resource, object) => {
    const [plural = '', group] = resource.split(/\.(.*)/);
    const root = group === undefined ? '/api/v1' : `/apis/${group}/v1`;
    return `${root}/namespaces/${name}/${plural}${object === undefined ? '' : `/${object}`}`;
  };
  const call = async (method: string, at: string, body?: object, headers?: Record<string, string>) => {
    const { status, json, text } = await cluster.call(method, at, body, headers);
    if (status >= 300) throw new Error(`${method} ${at}: ${status} ${text}`);
    return json;
  };
  return {
    ...{ name, path },
    list: async (resource) => {
      await settled();
      return (await call('GET', path(resource))).items;
    },
    get: async (resource, object) => {
      await settled();
      return call('GET', path(resource, object));
    },
    create: (resource, body) => call('POST', path(resource), body),
    patch: (resource, object, body) =>
      call('PATCH', path(resource, object), body, { 'content-type': 'application/merge-patch+json' }),
    delete: (resource, object) => call('DELETE', path(resource, object)),
  };
}
