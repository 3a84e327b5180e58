import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launchNode, terminateInstance } from '../../ec2/index.ts';
import {
  deregisterInstanceTargets,
  deregisterServiceTarget,
  findServiceTargetGroup,
  registerServiceTarget,
  serviceTargetHealth,
  watchingTargets,
} from '../index.ts';
import { loadBalancerPlan } from '../plans/plan.ts';
import { loadBalancers, targetHealths, targetKey, targets } from '../records.ts';
import { type ElbServer, scope, startElb } from '../testing/elb-server.ts';

let server: ElbServer;
beforeEach(async () => {
  server = await startElb();
});
afterEach(() => server[Symbol.asyncDispose]());

const address = '172.31.0.9';
const idOf = (groupArn: string): string => groupArn.slice(-16);

async function healthOf(TargetGroupArn: string, Targets?: { Id: string; Port?: number }[]) {
  const { TargetHealthDescriptions = [] } = await server.elb.describeTargetHealth({
    TargetGroupArn,
    ...(Targets && { Targets }),
  });
  return TargetHealthDescriptions.map(({ TargetHealth }) => [TargetHealth?.State, TargetHealth?.Reason]);
}

const use = (groupArn: string, balancerArn: string) => server.listener(balancerArn, groupArn);

async function see(groupArn: string, seen: { state: 'initial' | 'healthy' | 'drained' }): Promise<void> {
  await server.state.transact((tx) => {
    const target = { targetGroupId: idOf(groupArn), id: address, port: 80 };
    tx.put(targetHealths, targetKey(targetHealths, scope, target), {
      targetGroupId: idOf(groupArn),
      ...seen,
    });
  });
}

describe('targets', () => {
  it('are registered once, with the group’s port unless they have their own', async () => {
    const { elb } = server;
    const TargetGroupArn = await server.targetGroup('web');
    const Targets = [{ Id: address }, { Id: address, Port: 8080 }];
    await elb.registerTargets({ TargetGroupArn, Targets });
    await elb.registerTargets({ TargetGroupArn, Targets });
    expect((await elb.describeTargetHealth({ TargetGroupArn })).TargetHealthDescriptions).toEqual([
      {
        Target: { Id: address, Port: 80, AvailabilityZone: 'eu-west-1a' },
        HealthCheckPort: '80',
        TargetHealth: {
          ...{ State: 'unused', Reason: 'Target.NotInUse' },
          Description: 'Target group is not configured to receive traffic from the load balancer',
        },
      },
      expect.objectContaining({ HealthCheckPort: '8080' }),
    ]);
    expect(await healthOf(TargetGroupArn, [{ Id: '172.31.0.10' }])).toEqual([
      ['unused', 'Target.NotRegistered'],
    ]);
  });

  it('are in the VPC, or nothing is registered', async () => {
    const { elb } = server;
    const TargetGroupArn = await server.targetGroup('web');
    await expect(
      elb.registerTargets({ TargetGroupArn, Targets: [{ Id: address }, { Id: '8.8.8.8' }] }),
    ).rejects.toMatchObject({
      name: 'InvalidTargetException',
      message: "The IP address '8.8.8.8' is not within the VPC",
    });
    expect(await healthOf(TargetGroupArn)).toEqual([]);
    const ofInstances = await server.targetGroup('machines', { TargetType: 'instance' });
    const Targets = [{ Id: 'i-0123456789abcdef0' }];
    await expect(elb.registerTargets({ TargetGroupArn: ofInstances, Targets })).rejects.toMatchObject({
      message:
        "The following targets are not in a running state and cannot be registered: 'i-0123456789abcdef0'",
    });
  });

  it('are instances of this machine, on ports that are not its own, as long as they are there', async () => {
    const { elb, state } = server;
    const TargetGroupArn = await server.targetGroup('machines', { TargetType: 'instance' });
    const id = await server.instance();
    const register = (Target: { readonly Id: string; readonly Port?: number }) =>
      elb.registerTargets({ TargetGroupArn, Targets: [Target] });
    await register({ Id: id });
    await register({ Id: id, Port: 49_153 });
    await expect(register({ Id: id, Port: 22 })).rejects.toMatchObject({
      name: 'InvalidTargetException',
      message: `Port '22' of instance '${id}' is its machine's own`,
    });
    const elsewhere = await server.instance({ machineId: 'm-1' });
    await expect(register({ Id: elsewhere })).rejects.toThrow('on another machine than load balancers');
    expect(
      [...state.list(targets)].map(({ value }) => [value.address, value.port, value.availabilityZone]),
    ).toEqual([
      ['127.0.0.1', 49_153, 'eu-west-1a'],
      ['127.0.0.1', 80, 'eu-west-1a'],
    ]);
    await state.transact((tx) => {
      deregisterInstanceTargets(tx, scope, id);
      terminateInstance(tx, scope, id, 0);
    });
    expect(await healthOf(TargetGroupArn)).toEqual([]);
    await expect(register({ Id: id })).rejects.toThrow('not in a running state');
  });

  it('are nodes of clusters by their addresses in the VPC, on whichever machine they are', async () => {
    const { elb, state, context } = server;
    const TargetGroupArn = await server.targetGroup('nodes', { TargetType: 'instance' });
    const Id = 'i-0123456789abcdef0';
    const launched = await state.transact((tx) =>
      launchNode(tx, { ...context, publicCidr: '198.18.0.0/24' }, scope, {
        ...{ id: Id, instanceType: 't3.medium', imageId: 'ami-0a', isSpot: false, architecture: 'x86_64' },
        ...{ subnetIds: server.subnetIds, securityGroupIds: [], now: server.clock.now() },
        ...{ tags: {}, interfaceTags: {}, machineId: 'm-1' },
      }),
    );
    await elb.registerTargets({ TargetGroupArn, Targets: [{ Id, Port: 30_080 }] });
    const at = launched.type === 'launched' ? launched.instance.privateIpv4 : '';
    expect([...state.list(targets)].map(({ value }) => value)).toMatchObject([
      { id: Id, port: 30_080, address: at, isInVpc: true },
    ]);
    const LoadBalancerArn = await server.loadBalancer('front');
    await use(TargetGroupArn, LoadBalancerArn);
    const [balancer] = [...state.list(loadBalancers)];
    if (balancer === undefined) throw new Error('There is no load balancer');
    expect(loadBalancerPlan(state, balancer.key)?.targetGroups).toMatchObject([
      { targetType: 'ip', targets: [{ id: Id, address: at, port: 30_080 }] },
    ]);
    const machine = await server.instance();
    await expect(elb.registerTargets({ TargetGroupArn, Targets: [{ Id: machine }] })).rejects.toThrow(
      'cannot be in one target group with others',
    );
  });

  it('have other ports of their machine for datagrams', async () => {
    const { elb } = server;
    const Id = await server.instance();
    const registering = async (Protocol: 'TCP' | 'UDP' | 'TCP_UDP', Port: number) => {
      const TargetGroupArn = await server.targetGroup(`group-${Port}-${Protocol.replace('_', '')}`, {
        ...{ TargetType: 'instance', Protocol, HealthCheckProtocol: 'TCP' },
      });
      return elb.registerTargets({ TargetGroupArn, Targets: [{ Id, Port }] });
    };
    const own = { name: 'InvalidTargetException' };
    await registering('UDP', 22);
    await expect(registering('UDP', 4_789)).rejects.toMatchObject(own);
    await registering('TCP', 4_789);
    await expect(registering('TCP_UDP', 22)).rejects.toMatchObject(own);
    await expect(registering('TCP_UDP', 4_789)).rejects.toMatchObject(own);
    await registering('TCP_UDP', 53);
  });

  it('drain until they have answered everything, or their group’s delay is over', async () => {
    const { elb, clock, reconcilers } = server;
    const TargetGroupArn = await server.targetGroup('web');
    const Targets = [{ Id: address }];
    await use(TargetGroupArn, await server.loadBalancer('front'));
    await elb.registerTargets({ TargetGroupArn, Targets });
    expect(await healthOf(TargetGroupArn)).toEqual([['initial', 'Elb.RegistrationInProgress']]);
    await see(TargetGroupArn, { state: 'healthy' });
    expect(await healthOf(TargetGroupArn)).toEqual([['healthy', undefined]]);

    await elb.deregisterTargets({ TargetGroupArn, Targets });
    await reconcilers.idle();
    expect(await healthOf(TargetGroupArn)).toEqual([['draining', 'Target.DeregistrationInProgress']]);
    await clock.advance(299_000);
    await reconcilers.idle();
    expect(await healthOf(TargetGroupArn)).toHaveLength(1);
    await clock.advance(1_000);
    await reconcilers.idle();
    expect(await healthOf(TargetGroupArn)).toEqual([]);

    await elb.registerTargets({ TargetGroupArn, Targets });
    expect(await healthOf(TargetGroupArn)).toEqual([['initial', 'Elb.RegistrationInProgress']]);
    await elb.deregisterTargets({ TargetGroupArn, Targets });
    await see(TargetGroupArn, { state: 'drained' });
    await reconcilers.idle();
    expect(await healthOf(TargetGroupArn)).toEqual([]);
  });

  it('that are registered again while they drain stay', async () => {
    const { elb, clock, reconcilers } = server;
    const TargetGroupArn = await server.targetGroup('web');
    const Targets = [{ Id: address }];
    await use(TargetGroupArn, await server.loadBalancer('front'));
    await elb.registerTargets({ TargetGroupArn, Targets });
    await see(TargetGroupArn, { state: 'healthy' });
    await elb.deregisterTargets({ TargetGroupArn, Targets });
    await elb.registerTargets({ TargetGroupArn, Targets });
    expect(await healthOf(TargetGroupArn)).toEqual([['initial', 'Elb.RegistrationInProgress']]);
    await clock.advance(400_000);
    await reconcilers.idle();
    expect(await healthOf(TargetGroupArn)).toHaveLength(1);
  });

  it('in a zone that the load balancer is not in are not sent to', async () => {
    const { elb, subnetIds } = server;
    const TargetGroupArn = await server.targetGroup('web');
    await use(TargetGroupArn, await server.loadBalancer('front', { Subnets: subnetIds.slice(1, 3) }));
    await elb.registerTargets({ TargetGroupArn, Targets: [{ Id: address }] });
    expect(await healthOf(TargetGroupArn)).toEqual([['unused', 'Target.NotInUse']]);
  });
});

describe('the door for services', () => {
  it('tells reconcilers whose health may have changed', async () => {
    const told: string[] = [];
    const { state, elb } = server;
    const subscriptions = new DisposableStack();
    for (const { collection, keys } of watchingTargets(state, (_scope, changed) => [
      `${changed.targetGroupArn.split('/')[1]} ${changed.target?.id ?? ''}`,
    ]))
      subscriptions.use(state.subscribe(collection, (change) => told.push(...keys(change))));
    const TargetGroupArn = await server.targetGroup('web');
    await elb.registerTargets({ TargetGroupArn, Targets: [{ Id: address }] });
    await see(TargetGroupArn, { state: 'healthy' });
    await use(TargetGroupArn, await server.loadBalancer('front'));
    subscriptions.dispose();
    expect(told).toEqual([`web ${address}`, `web ${address}`, 'web ']);
  });

  it('registers and deregisters in their own transactions', async () => {
    const { state } = server;
    const targetGroupArn = await server.targetGroup('web');
    const target = { targetGroupArn, id: address, port: 80 };
    expect(findServiceTargetGroup(state, scope, targetGroupArn)).toMatchObject({
      name: 'web',
      targetType: 'ip',
    });
    expect(findServiceTargetGroup(state, scope, `${targetGroupArn}0`)).toBeUndefined();
    const balancer = await server.loadBalancer('front');
    await use(targetGroupArn, balancer);
    expect(findServiceTargetGroup(state, scope, targetGroupArn)?.loadBalancerArn).toBe(balancer);

    const register = (asked: typeof target) =>
      state.transact((tx) => registerServiceTarget(tx, scope, asked, 0));
    expect(await register(target)).toEqual({ type: 'registered' });
    expect(serviceTargetHealth(state, scope, target).state).toBe('initial');
    expect(await register({ ...target, id: '8.8.8.8' })).toMatchObject({ type: 'refused' });

    await state.transact((tx) => deregisterServiceTarget(tx, scope, target, server.clock.now()));
    expect(serviceTargetHealth(state, scope, target).state).toBe('draining');
    await see(targetGroupArn, { state: 'drained' });
    await server.reconcilers.idle();
    expect(serviceTargetHealth(state, scope, target)).toMatchObject({
      ...{ state: 'unused', reason: 'Target.NotRegistered' },
    });
  });
});
