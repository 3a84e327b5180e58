import {
  type ExplainPacketRequest,
  type ExplainPacketResponse,
  type NetworkResponse,
  operatorPaths,
  type ResolvedName,
} from '../cli/index.ts';
import type { SignedRoute } from '../gateway/index.ts';
import { Refusal } from '../protocols/index.ts';
import type { DnsFound, DnsQuestion } from '../topology/index.ts';
import type { NetworkFacts } from './vpc/network-view.ts';

/** What the questions about the network are answered from. */
export interface NetworkParts {
  readonly facts: () => NetworkFacts;
  readonly publicCidr: string;
  /** Why the kernel doesn't hold routes and security groups; undefined: it does. */
  readonly whyNotEnforced: string | undefined;
  readonly loadBalancers: string;
  /** What a VPC's resolver answers of load balancers and Cloud Map. */
  readonly zoneAnswer: (vpcId: string, question: DnsQuestion) => DnsFound;
}

/** What a person asks of the installation's network: see `cli/operator-api.ts`. */
export function networkRoutes(parts: () => NetworkParts): readonly SignedRoute[] {
  const view = () => import('./vpc/network-view.ts');
  return [
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.network,
      action: 'catamaran:GetNetwork',
      handle: async () => {
        const { describeVpcs } = await view();
        const { facts, publicCidr, whyNotEnforced: why } = parts();
        const body: NetworkResponse = {
          ...{ isEnforced: why === undefined, publicCidr, vpcs: describeVpcs(facts()) },
          ...(why !== undefined && { why }),
        };
        return { status: 200, body };
      },
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.packetExplanations,
      action: 'catamaran:ExplainPacket',
      handle: async ({ body }) => {
        const { explainPath } = await view();
        const { facts, whyNotEnforced: why } = parts();
        const explained = explainPath(facts(), readRequest(body));
        const answer: ExplainPacketResponse = { ...explained, ...(why !== undefined && { why }) };
        return { status: 200, body: answer };
      },
    },
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.resolvedNames,
      action: 'catamaran:ResolveName',
      handle: async ({ query }) => ({
        status: 200,
        body: resolve(parts(), query.get('name') ?? '', query.get('vpcId') ?? undefined),
      }),
    },
  ];
}

function resolve({ facts, zoneAnswer }: NetworkParts, given: string, vpcId?: string): ResolvedName {
  const { vpcs } = facts();
  const vpc = vpcs.find(({ topology, isDefault }) =>
    vpcId === undefined ? isDefault : topology.id === vpcId,
  );
  if (vpc === undefined) {
    const message = vpcId === undefined ? 'There is no default VPC: say which' : `There is no VPC ${vpcId}`;
    throw new Refusal('InvalidRequest', message, { status: 400 });
  }
  const name = given.toLowerCase().replace(/\.$/, '');
  const found = zoneAnswer(vpc.topology.id, { name, type: 'A' });
  const records = found.kind === 'records' ? found.records : [];
  const addresses = records.flatMap((record) => (record.type === 'A' ? [record.data] : []));
  return { vpcId: vpc.topology.id, name, addresses };
}

function readRequest(body: unknown): ExplainPacketRequest {
  const given = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const { from, to, protocol, port } = given;
  if (typeof from !== 'string' || typeof to !== 'string' || typeof protocol !== 'string')
    throw new Refusal('InvalidRequest', 'from, to and protocol are expected', { status: 400 });
  if (port !== undefined && typeof port !== 'number')
    throw new Refusal('InvalidRequest', 'Invalid port: a number is expected', { status: 400 });
  return { from, to, protocol, ...(port !== undefined && { port }) };
}
