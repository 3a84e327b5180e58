import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Refusal } from '../../../protocols/index.ts';
import { type RecordKey, recordKey, type Stored } from '../../../reconcile/index.ts';
import type { Call, SignedUpgrade } from '../../service.ts';
import { containerInstanceId, type Scope } from '../arn.ts';
import { findCluster } from '../cluster-lookup.ts';
import type { EcsContext } from '../context.ts';
import { given } from '../given.ts';
import { type ContainerInstanceRecord, containerInstances, fargateHosts } from '../records.ts';
import { Utilization } from '../utilization/utilization.ts';
import { AgentConnections } from './connections.ts';
import type { AgentSocket } from './link.ts';
import { AcsSession } from './session.ts';
import { openTelemetrySession } from './telemetry-session.ts';

/** Agents' messages: acknowledgements are short, telemetry is at most 1 MiB. */
const maxMessageBytes = 2 * 1024 * 1024;

/** One of the agents' endpoints, on any transport. */
export interface AgentEndpoint {
  /** Exact path, e.g. `/acs/ws`. */
  readonly path: string;
  readonly action: string;
  /**
   * Admits an agent by what the query of its upgrade says of it.
   * @returns what to do with its socket once that is open.
   * @throws Refusal by the names that agents know: InvalidCluster-, InvalidInstance-, InactiveInstanceException.
   */
  admit(query: URLSearchParams, call: Call): (socket: AgentSocket) => void;
}

/** `/acs/ws` hands out work, `/tcs/ws` takes telemetry. */
export function agentEndpoints(ecs: EcsContext): readonly AgentEndpoint[] {
  const connections = new AgentConnections(ecs);
  const utilization = new Utilization(ecs);
  return [
    {
      path: '/acs/ws',
      action: 'ecs:Poll',
      admit: (query, call) => {
        const instance = instanceOf(ecs, call, query.get('clusterArn'), query.get('containerInstanceArn'));
        const protocolVersion = Number(query.get('protocolVersion') ?? '1');
        const wantsCredentials = query.get('sendCredentials') === 'true';
        const agent = { versionInfo: versionInfoOf(query), protocolVersion, wantsCredentials };
        return (socket) => {
          const { signal } = call;
          new AcsSession({ ecs, connections, scope: call, instance, socket, signal, agent });
        };
      },
    },
    {
      path: '/tcs/ws',
      action: 'ecs:StartTelemetrySession',
      admit: (query, call) => {
        const instance = instanceOf(ecs, call, query.get('cluster'), query.get('containerInstance'));
        const { signal } = call;
        return (socket) => openTelemetrySession({ ecs, scope: call, instance, utilization, socket, signal });
      },
    },
  ];
}

/** The agents' endpoints as WebSockets behind the gateway. */
export function acsUpgrades(ecs: EcsContext, endpoints: readonly AgentEndpoint[]): readonly SignedUpgrade[] {
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  return endpoints.map(({ path, action, admit }) => ({
    path,
    action,
    accept: (request, socket, head, call) => {
      let open: (socket: AgentSocket) => void;
      try {
        open = admit(queryOf(request), call);
      } catch (error) {
        if (!(error instanceof Refusal)) ecs.log.error('Cannot admit an agent', { error });
        const [code, message] =
          error instanceof Refusal ? [error.code, error.message] : ['ServerException', 'Internal error'];
        refuse(socket, error instanceof Refusal ? 400 : 500, code, message);
        return;
      }
      webSockets.handleUpgrade(request, socket, head, open);
    },
  }));
}

/** The instance that an agent says it is. */
function instanceOf(
  ecs: EcsContext,
  scope: Scope,
  clusterIdentifier: string | null,
  identifier: string | null,
): Stored<ContainerInstanceRecord> {
  const isHost = clusterIdentifier === fargateHosts;
  const cluster = isHost ? undefined : findCluster(ecs.state, scope, clusterIdentifier ?? undefined);
  if (!isHost && cluster?.status !== 'ACTIVE')
    throw new Refusal('InvalidClusterException', `Cluster ${clusterIdentifier ?? 'default'} not found.`);
  const key = instanceKey(scope, cluster?.name ?? fargateHosts, identifier ?? '');
  const value = ecs.state.get(containerInstances, key);
  if (value === undefined)
    throw new Refusal('InvalidInstanceException', `Container instance ${identifier} not found.`);
  if (value.status === 'INACTIVE')
    throw new Refusal('InactiveInstanceException', `Container instance ${identifier} is inactive.`);
  return { key, value, revision: 0 };
}

function instanceKey(scope: Scope, cluster: string, identifier: string): RecordKey {
  return recordKey(
    containerInstances,
    scope.accountId,
    scope.region,
    cluster,
    containerInstanceId(identifier),
  );
}

/** What agents read from a refused upgrade: the error's name as the one member of a JSON object. */
function refuse(socket: Duplex, status: 400 | 500, code: string, message: string): void {
  const body = JSON.stringify({ [code]: message });
  const head = [
    `HTTP/1.1 ${status} ${status === 400 ? 'Bad Request' : 'Internal Server Error'}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://localhost').searchParams;
}

function versionInfoOf(query: URLSearchParams): ContainerInstanceRecord['versionInfo'] {
  return {
    ...given('agentVersion', query.get('agentVersion') || undefined),
    ...given('agentHash', query.get('agentHash') || undefined),
    ...given('dockerVersion', query.get('dockerVersion') || undefined),
  };
}
