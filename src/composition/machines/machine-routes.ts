import {
  type InvitationResponse,
  type JoinResponse,
  type MachineDescription,
  operatorPaths,
} from '../../cli/index.ts';
import type { Clock } from '../../clock/index.ts';
import type { SignedRoute } from '../../gateway/index.ts';
import {
  findMachine,
  joinMachine,
  type MachineRecord,
  type MembershipContext,
  machineOfUser,
  machines,
  noteHome,
  removeMachine,
} from '../../machines/index.ts';
import { Refusal } from '../../protocols/index.ts';
import type { State } from '../../reconcile/index.ts';
import type { IamOperator } from '../../services/iam/index.ts';
import type { Call } from '../../services/service.ts';
import type { NodeHome } from '../kubelets/node-home.ts';
import { isReachable, readFacts } from './machine-facts.ts';

/** How long an invitation holds, for as many machines as like to come. */
const invitationSeconds = 3_600;

export interface MachineParts {
  readonly state: State;
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly endpoint: string;
  readonly publicCidr: string;
  /** This machine, the control plane's. */
  readonly home: { readonly id: string; readonly name: string; readonly version: string };
  /** Of machines that follow the records now. */
  readonly connected: Pick<ReadonlyMap<string, unknown>, 'has'>;
  /** Why the VPCs can't be shared: they are not in this machine's kernel. */
  readonly whyNoVpcs: string | undefined;
  readonly loadIdentities: () => Promise<IamOperator>;
  /** IAM's client with the root's key. */
  readonly loadIam: () => Promise<import('@aws-sdk/client-iam').IAM>;
  /** See `ControlPlane.endMachine`. */
  readonly endMachine: (machineId: string) => Promise<void>;
  /** See `ControlPlane.nodeHome`. */
  readonly nodeHome: (machineId: string) => Promise<NodeHome>;
}

/** Loaded with the first machine: most installations have one. */
const users = () => import('./identities.ts');

/** What machines ask: to join, with an invitation, and to leave. The operator may remove them as well. */
export function machineRoutes(accountId: string, parts: () => MachineParts): readonly SignedRoute[] {
  return [
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.machines,
      action: 'catamaran:JoinInstallation',
      handle: async ({ body }, call) => {
        const { invitedRole } = await users();
        const { identity } = call.principal;
        const isInvited = identity.kind === 'role' && identity.roleName === invitedRole;
        if (!isInvited || call.accountId !== accountId)
          throw denied(call, 'catamaran:JoinInstallation', 'it takes an invitation');
        return { status: 200, body: await join(parts(), body) };
      },
    },
    {
      isSigned: true,
      method: 'DELETE',
      path: `${operatorPaths.machines}/{id}`,
      action: 'catamaran:LeaveInstallation',
      handle: async ({ labels }, call) => {
        const context = await membership(parts());
        const { identity } = call.principal;
        const own = identity.kind === 'user' ? machineOfUser(context.state, identity.userName) : undefined;
        const isRoot = identity.kind === 'root';
        if ((own === undefined && !isRoot) || call.accountId !== accountId)
          throw denied(call, 'catamaran:LeaveInstallation', 'it is no machine of this installation');
        const machine = isRoot ? findMachine(context, labels.get('id') ?? '') : own;
        if (machine === undefined) throw new Error('A machine was found and is gone');
        await parts().endMachine(machine.id);
        await removeMachine(context, machine);
        // What it was given meanwhile, too.
        await parts().endMachine(machine.id);
        return { status: 200, body: describeMachine(machine, parts().connected) };
      },
    },
  ];
}

/** What the operator asks about machines. */
export function machineOperatorRoutes(parts: () => MachineParts): readonly SignedRoute[] {
  return [
    {
      isSigned: true,
      method: 'GET',
      path: operatorPaths.machines,
      action: 'catamaran:ListMachines',
      handle: () => ({ status: 200, body: { machines: listMachines(parts()) } }),
    },
    {
      isSigned: true,
      method: 'POST',
      path: operatorPaths.invitations,
      action: 'catamaran:InviteMachine',
      handle: async () => ({ status: 200, body: await invite(parts()) }),
    },
  ];
}

/** All machines, the control plane's first; none while there is one alone. */
export function listMachines({
  state,
  connected,
}: Pick<MachineParts, 'state' | 'connected'>): MachineDescription[] {
  return [...state.list(machines)]
    .map(({ value }) => describeMachine(value, connected))
    .sort((one, other) => Number(other.isHome) - Number(one.isHome) || (one.name < other.name ? -1 : 1));
}

function describeMachine(
  { id, name, address, version, joinedAt, isHome }: MachineRecord,
  connected: MachineParts['connected'],
): MachineDescription {
  return {
    ...{ id, name, version, joinedAt, isHome, isConnected: isHome || connected.has(id) },
    ...(address !== undefined && { address }),
  };
}

/** Where other machines reach the control plane; undefined: nowhere. */
export function homeAddress(endpoint: string): string | undefined {
  const { hostname } = new URL(endpoint);
  return isReachable(hostname) ? hostname : undefined;
}

async function invite(parts: MachineParts): Promise<InvitationResponse> {
  if (homeAddress(parts.endpoint) === undefined)
    throw new Refusal(
      'InvalidRequest',
      `Other machines can't reach ${parts.endpoint}: start Catamaran with --host and the IPv4 address of this machine on their network`,
      { status: 400 },
    );
  if (parts.whyNoVpcs !== undefined)
    throw new Refusal('InvalidRequest', `VPCs can't be shared with other machines: ${parts.whyNoVpcs}`, {
      status: 400,
    });
  const { ensureInvitedRole, invitedRole } = await users();
  await ensureInvitedRole(await parts.loadIam());
  const identities = await parts.loadIdentities();
  const session = identities.signIn(`role/${invitedRole}`, { durationSeconds: invitationSeconds });
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = session;
  const invitation = { endpoint: parts.endpoint, region: parts.region };
  const text = JSON.stringify({ ...invitation, accessKeyId, secretAccessKey, sessionToken });
  return { token: Buffer.from(text).toString('base64url'), expiresAt };
}

async function join(parts: MachineParts, body: unknown): Promise<JoinResponse> {
  const given = new Map(Object.entries(typeof body === 'object' && body !== null ? body : {}));
  const text = (member: string): string | null => {
    const value: unknown = given.get(member);
    return typeof value === 'string' ? value : null;
  };
  const installationId = text('installationId') ?? '';
  if (!/^[0-9a-f]{12}$/.test(installationId))
    throw new Refusal('InvalidRequest', 'Invalid installationId: 12 hex digits are expected', {
      status: 400,
    });
  const facts = readFacts({ get: text });
  const { home, endpoint, accountId, region, publicCidr } = parts;
  const context = await membership(parts);
  const { id: homeMachineId, ...homeFacts } = home;
  await noteHome(context, homeMachineId, { ...homeFacts, address: homeAddress(endpoint) });
  const joined = await joinMachine(context, installationId, facts);
  return { ...joined, homeMachineId, accountId, region, publicCidr };
}

async function membership({ state, clock, accountId, loadIam }: MachineParts): Promise<MembershipContext> {
  const { machineUsers } = await users();
  return { state, clock, accountId, identities: machineUsers(await loadIam()) };
}

/** In the words of IAM's denials. */
function denied({ principal }: Call, action: string, why: string): Refusal {
  return new Refusal(
    'AccessDeniedException',
    `User: ${principal.arn} is not authorized to perform: ${action} because ${why}`,
    { status: 403 },
  );
}
