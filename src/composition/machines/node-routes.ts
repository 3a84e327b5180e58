import type { RouteRequest, SignedRoute } from '../../gateway/index.ts';
import { type LocalVolumeReport, localVolumes } from '../../kubernetes/index.ts';
import { machineOfUser } from '../../machines/index.ts';
import { Refusal } from '../../protocols/index.ts';
import { type RecordKey, recordKey, type State } from '../../reconcile/index.ts';
import {
  isCarriedBy,
  type NodeReportRecord,
  nodeInstanceKey,
  nodeInstances,
} from '../../services/eks/index.ts';
import type { Call } from '../../services/service.ts';
import type { NodeHome, VolumeReport } from '../kubelets/node-home.ts';

/** What a machine may ask for the nodes and the volumes that it carries, and for no others. */
export const carryNodesAction = 'catamaran:CarryNodes';

/** Of a node, with `{account}/{region}/{instance}` and one of `nodeAspects` behind; of a volume, with `{account}/{region}/{cluster}/{volume}`. */
export const carriedPaths = { nodes: '/_catamaran/nodes', volumes: '/_catamaran/volumes' } as const;
export const nodeAspects = {
  controlPlane: 'control-plane',
  credentials: 'credentials',
  networkCredentials: 'network-credentials',
  report: 'report',
} as const;

const nodePath = `${carriedPaths.nodes}/{account}/{region}/{instance}`;
const volumePath = `${carriedPaths.volumes}/{account}/{region}/{cluster}/{volume}`;
const statuses: readonly unknown[] = [
  'ended',
  'no-room',
  'reserved',
  'running',
] satisfies NodeReportRecord['status'][];
const longestText = 2_048;

export interface NodeRouteParts {
  readonly state: State;
  readonly nodeHome: (machineId: string) => Promise<NodeHome>;
}

/** What machines that have joined ask of the control plane for their nodes: `NodeHome`, by signed requests. */
export function nodeRoutes(accountId: string, parts: () => NodeRouteParts): readonly SignedRoute[] {
  const route = (
    method: string,
    path: string,
    handle: (home: NodeHome, request: RouteRequest, machineId: string) => Promise<unknown>,
  ): SignedRoute => ({
    ...{ isSigned: true, method, path, action: carryNodesAction },
    handle: async (request, call) => {
      const machineId = machineIdOf(parts().state, accountId, call);
      const home = await parts().nodeHome(machineId);
      return { status: 200, body: await handle(home, request, machineId) };
    },
  });
  /** @throws {Refusal} it is none of the machine's. */
  const ownNode = ({ labels }: RouteRequest, machineId: string): RecordKey => {
    const key = keyOfNode(labels);
    if (!isCarriedBy(parts().state.get(nodeInstances, key), machineId))
      throw new Refusal(
        'ResourceNotFoundException',
        `${machineId} carries no node ${labels.get('instance')}`,
        {
          status: 404,
        },
      );
    return key;
  };
  return [
    route('GET', `${nodePath}/${nodeAspects.controlPlane}`, async (home, request, machineId) => {
      const found = await home.controlPlaneOf(ownNode(request, machineId));
      return found === undefined
        ? {}
        : { endpoint: found.endpoint, certificateAuthority: found.certificateAuthority };
    }),
    route('GET', `${nodePath}/${nodeAspects.credentials}`, (home, request, machineId) =>
      given(() => home.credentials(ownNode(request, machineId))),
    ),
    route('GET', `${nodePath}/${nodeAspects.networkCredentials}`, (home, request, machineId) =>
      given(() => home.networkCredentials(ownNode(request, machineId))),
    ),
    route('PUT', `${nodePath}/${nodeAspects.report}`, async (home, { labels, body }) => {
      const { status, message } = membersOf(body);
      if (!statuses.includes(status)) throw invalid(`status is one of ${statuses.join(', ')}`);
      await home.report(keyOfNode(labels), {
        status: status as NodeReportRecord['status'],
        ...(typeof message === 'string' && { message: message.slice(0, longestText) }),
      });
      return {};
    }),
    route('PUT', volumePath, async (home, { labels, body }) => {
      await home.reportVolume(keyOfVolume(labels), readVolumeReport(body));
      return {};
    }),
    route('DELETE', volumePath, async (home, { labels }) => {
      await home.reportVolume(keyOfVolume(labels), undefined);
      return {};
    }),
  ];
}

/** Which machine asks follows from its signature. @throws {Refusal} none does. */
function machineIdOf(state: State, accountId: string, { principal }: Call): string {
  const { identity } = principal;
  const isUser = identity.kind === 'user' && principal.accountId === accountId;
  const machine = isUser ? machineOfUser(state, identity.userName) : undefined;
  if (machine !== undefined) return machine.id;
  throw new Refusal(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${carryNodesAction} because it is no machine of this installation`,
    { status: 403 },
  );
}

const keyOfNode = (labels: RouteRequest['labels']): RecordKey =>
  nodeInstanceKey(
    { accountId: labels.get('account') ?? '', region: labels.get('region') ?? '' },
    labels.get('instance') ?? '',
  );

const keyOfVolume = (labels: RouteRequest['labels']): RecordKey =>
  recordKey(
    localVolumes,
    ...([labels.get('account') ?? '', labels.get('region') ?? ''] as const),
    ...[labels.get('cluster') ?? '', labels.get('volume') ?? ''],
  );

/** That a role can't be had is the caller's to hear, and to try again. */
async function given(credentials: () => ReturnType<NodeHome['credentials']>): Promise<object> {
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials();
    return { accessKeyId, secretAccessKey, sessionToken, expiration: expiration?.toISOString() };
  } catch (error) {
    if (error instanceof Refusal || !(error instanceof Error)) throw error;
    throw new Refusal('CredentialsUnavailableException', error.message, { status: 400 });
  }
}

/** @throws {Refusal} it says no size, or not what it answers. */
function readVolumeReport(body: unknown): VolumeReport {
  const { askedAt, sizeBytes, refusal } = membersOf(body);
  if (!isCount(askedAt) || !isCount(sizeBytes)) throw invalid('askedAt and sizeBytes are whole numbers');
  return { askedAt, sizeBytes, ...(refusal !== undefined && { refusal: readRefusal(refusal) }) };
}

function readRefusal(value: unknown): NonNullable<LocalVolumeReport['refusal']> {
  const { code, message } = membersOf(value);
  if (typeof code !== 'string' || typeof message !== 'string')
    throw invalid('a refusal has a code and a message');
  return { code: code.slice(0, longestText), message: message.slice(0, longestText) };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const invalid = (what: string): Refusal =>
  new Refusal('InvalidRequest', `Invalid report: ${what}`, { status: 400 });
