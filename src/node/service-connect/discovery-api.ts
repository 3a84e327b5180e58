import type { AgentCredentials } from '../agent-credentials.ts';

/** The two calls of Cloud Map that say where a service's tasks are. Undefined: there is no such service. */
export interface DiscoveryApi {
  /** Another number with every change of the service's instances. */
  revision(place: DiscoveryPlace, signal: AbortSignal): Promise<number | undefined>;
  /** The healthy instances. */
  instances(place: DiscoveryPlace, signal: AbortSignal): Promise<DiscoveredInstances | undefined>;
}

export interface DiscoveryPlace {
  readonly namespace: string;
  readonly service: string;
}

export interface DiscoveredInstances {
  readonly revision: number;
  readonly attributes: readonly Readonly<Record<string, string>>[];
}

/** As many as a service can have. */
const maxResults = 1_000;

/** One attempt each. The client is loaded with the first task that needs it. */
export function discoveryApi(options: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
}): DiscoveryApi & Disposable {
  const loading = Promise.withResolvers<Awaited<ReturnType<typeof openClient>>>();
  let isAsked = false;
  const client = (): typeof loading.promise => {
    if (!isAsked) openClient(options).then(loading.resolve, loading.reject);
    isAsked = true;
    return loading.promise;
  };
  return {
    async revision(place, abortSignal) {
      const { sdk, cloudMap } = await client();
      const asked = { NamespaceName: place.namespace, ServiceName: place.service };
      return knownOnly(async () => {
        const answer = await cloudMap.send(new sdk.DiscoverInstancesRevisionCommand(asked), { abortSignal });
        return answer.InstancesRevision;
      });
    },
    async instances(place, abortSignal) {
      const { sdk, cloudMap } = await client();
      const asked = {
        ...{ NamespaceName: place.namespace, ServiceName: place.service },
        ...{ MaxResults: maxResults, HealthStatus: sdk.HealthStatusFilter.HEALTHY },
      };
      return knownOnly(async () => {
        const answer = await cloudMap.send(new sdk.DiscoverInstancesCommand(asked), { abortSignal });
        const { Instances = [], InstancesRevision = 0 } = answer;
        return {
          revision: InstancesRevision,
          attributes: Instances.map(({ Attributes = {} }) => Attributes),
        };
      });
    },
    [Symbol.dispose]() {
      if (isAsked) void loading.promise.then(({ cloudMap }) => cloudMap.destroy()).catch(() => undefined);
    },
  };
}

async function openClient({ endpoint, region, credentials }: Parameters<typeof discoveryApi>[0]) {
  const sdk = await import('@aws-sdk/client-servicediscovery');
  const cloudMap = new sdk.ServiceDiscoveryClient({
    ...{ endpoint, region, credentials },
    maxAttempts: 1,
    // There is one address for all of it, not one for data beside it.
    disableHostPrefix: true,
    requestHandler: { requestTimeout: 5_000, connectionTimeout: 3_000, throwOnRequestTimeout: true },
  });
  return { sdk, cloudMap };
}

async function knownOnly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && /^(Service|Namespace)NotFound$/.test(error.name)) return undefined;
    throw error;
  }
}
