import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Invitation } from '../../cli/machine-api.ts';
import { OperatorClient } from '../../cli/operator-api.ts';
import { machines } from '../../machines/index.ts';
import {
  accountId,
  type IamServer,
  type Key,
  startIamServer,
} from '../../services/iam/testing/iam-server.ts';
import { type MachineParts, machineOperatorRoutes, machineRoutes } from './machine-routes.ts';

const region = 'eu-west-1';
const { signal } = new AbortController();
const computer = { installationId: '0123456789ab', name: 'mast', address: '192.0.2.2', version: '1.0.0' };

let server: IamServer;
let ended: string[];
let parts: MachineParts;
beforeEach(async () => {
  ended = [];
  const routes = [...machineRoutes(accountId, () => parts), ...machineOperatorRoutes(() => parts)];
  server = await startIamServer({ routes });
  parts = {
    ...{ state: server.state, clock: server.clock, accountId, region, publicCidr: '198.18.0.0/24' },
    endpoint: 'http://192.0.2.1:4566',
    home: { id: 'm-home', name: 'keel', version: '1.0.0' },
    connected: new Map(),
    whyNoVpcs: undefined,
    loadIdentities: () => server.room.loadOperator(),
    loadIam: async () => server.iam,
    endMachine: async (id) => void ended.push(id),
    nodeHome: () => Promise.reject(new Error('nobody asks for nodes')),
  };
});
afterEach(() => server[Symbol.asyncDispose]());

const as = (key: Key): OperatorClient =>
  new OperatorClient({ endpoint: server.endpoint }, { region, ...key }, server.clock);
const root = (): OperatorClient => as(server.rootKey);

async function invited(): Promise<Invitation> {
  const { token } = await root().inviteMachine(signal);
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as Invitation;
}

it('makes a computer that was invited a machine, which may do what agents do and no more', async () => {
  const invitation = await invited();
  expect(invitation).toMatchObject({ endpoint: parts.endpoint, region });
  const joined = await as(invitation).join(computer, signal);
  expect(joined).toMatchObject({ machineId: 'm-0123456789ab', homeMachineId: 'm-home', accountId, region });
  const records = [...server.state.list(machines)].map(({ value }) => value);
  expect(records).toMatchObject([
    { id: 'm-0123456789ab', address: '192.0.2.2', isHome: false },
    { id: 'm-home', address: '192.0.2.1', isHome: true },
  ]);
  expect(JSON.stringify(records)).not.toContain(joined.secretAccessKey);

  const machine = server.as(joined);
  expect((await machine.sts.getCallerIdentity({})).Arn).toBe(
    `arn:aws:iam::${accountId}:user/catamaran/catamaran-m-0123456789ab`,
  );
  await expect(machine.iam.listUsers({})).rejects.toThrow('not authorized');
  const operator = await server.room.loadOperator();
  const may = (action: string) =>
    operator.explain({ principal: 'catamaran-m-0123456789ab', action, resource: '*', context: {} }).decision;
  for (const action of ['ecs:Poll', 'ecs:RegisterContainerInstance', 'catamaran:FollowRecords'])
    expect([action, may(action)]).toEqual([action, 'allowed']);
  for (const action of ['ecs:RunTask', 'catamaran:JoinInstallation', 'catamaran:InviteMachine'])
    expect([action, may(action)]).toEqual([action, 'implicitDeny']);
});

it('takes an invitation for nothing else, and nothing else for an invitation', async () => {
  const invitation = await invited();
  await expect(server.as(invitation).iam.listUsers({})).rejects.toThrow('not authorized');
  await expect(as(invitation).inviteMachine(signal)).rejects.toThrow('not authorized');
  await expect(root().join(computer, signal)).rejects.toThrow('it takes an invitation');
  await server.clock.advance(3_601_000);
  await expect(as(invitation).join(computer, signal)).rejects.toThrow('expired');
});

it('refuses a machine that has joined already, and what is none', async () => {
  const client = as(await invited());
  await client.join(computer, signal);
  await expect(client.join(computer, signal)).rejects.toThrow('./catamaran machine remove m-0123456789ab');
  const other = { ...computer, installationId: 'ba9876543210' };
  await expect(client.join({ ...other, installationId: '../x' }, signal)).rejects.toThrow('12 hex digits');
  await expect(client.join({ ...other, address: '127.0.0.1' }, signal)).rejects.toThrow('Invalid address');
  await expect(client.join({ ...other, name: 'a b' }, signal)).rejects.toThrow('Invalid name');
});

it('invites nobody where nobody could come', async () => {
  for (const endpoint of ['http://127.0.0.1:4566', 'http://0.0.0.0:4566', 'http://[::1]:4566']) {
    parts = { ...parts, endpoint };
    await expect(root().inviteMachine(signal)).rejects.toThrow('start Catamaran with --host');
  }
  parts = { ...parts, endpoint: 'http://192.0.2.1:4566', whyNoVpcs: 'network namespaces need root' };
  await expect(root().inviteMachine(signal)).rejects.toThrow('network namespaces need root');
});

it('lets a machine leave, itself alone, and the operator remove any but the control plane’s', async () => {
  const client = as(await invited());
  const one = await client.join(computer, signal);
  const other = await client.join({ ...computer, installationId: 'ba9876543210', name: 'boom' }, signal);
  await as(one).removeMachine(other.machineId, signal);
  const endedOnce = () => [...new Set(ended)];
  expect(endedOnce()).toEqual([one.machineId]);
  await expect(as(one).removeMachine(one.machineId, signal)).rejects.toThrow();
  await expect(root().removeMachine('keel', signal)).rejects.toThrow('machine of the control plane');
  await root().removeMachine('boom', signal);
  await expect(root().removeMachine('boom', signal)).rejects.toThrow('There is no machine boom');
  expect(endedOnce()).toEqual([one.machineId, other.machineId]);
  const { Users = [] } = await server.iam.listUsers({});
  expect(Users).toEqual([]);
  // And may come back.
  await client.join(computer, signal);
});
