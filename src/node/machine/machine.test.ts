import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECS } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { Machine, type MachineOptions } from './machine.ts';

describe('a machine', () => {
  let directory: string;
  let clock: VirtualClock;
  const log = recordingLog();
  /** What ECS says that the machine's own instance has left. */
  let free = { cpu: 0, memoryMiB: 0 };
  // Nothing else is asked of ECS; an address where nobody listens would fail what was.
  const ecs = new ECS({
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
  });
  ecs.describeContainerInstances = async () => ({
    $metadata: {},
    containerInstances: [
      {
        remainingResources: [
          { name: 'CPU', integerValue: free.cpu },
          { name: 'MEMORY', integerValue: free.memoryMiB },
        ],
      },
    ],
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'catamaran-machine-'));
    clock = new VirtualClock(0);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (startAgent: MachineOptions['startAgent'], fargateCluster?: string, signal?: AbortSignal) =>
    Machine.open({
      ...(signal && { signal }),
      ...(fargateCluster === undefined ? {} : { fargateCluster }),
      directory,
      size: { cpu: 2048, memoryMiB: 4096 },
      cluster: 'default',
      ecs,
      clock,
      random: seededRandom(1),
      log,
      startAgent,
      removeContainers: async () => {},
    });

  it('has one instance of its own, the same at every start', async () => {
    const arn = 'arn:aws:ecs:us-east-1:111122223333:container-instance/default/one';
    const start = async () => ({ containerInstanceArn: arn, close: async () => {} });
    const first = await open(start);
    const [own] = first.instances();
    expect(own).toMatchObject({
      name: 'machine',
      address: '127.0.0.1',
      containerInstanceArn: arn,
      share: { cpu: 2048 },
    });
    await first[Symbol.asyncDispose]();
    await using second = await open(start);
    expect(second.instances()).toEqual(first.instances());
  });

  it('ends an opening that is interrupted, and takes it for no instance’s failure', async () => {
    const interruption = new AbortController();
    const { signal } = interruption;
    const linesBefore = log.lines.length;
    const opening = open(
      () => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      undefined,
      signal,
    );
    interruption.abort(new Error('Interrupted'));
    await expect(opening).rejects.toThrow('Interrupted');
    expect(log.lines).toHaveLength(linesBefore);
  });

  it('starts although an instance cannot, says why, and tries that one again', async () => {
    let attempts = 0;
    await using machine = await open(async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('Cannot listen on 172.17.0.1');
      return {
        containerInstanceArn: 'arn:aws:ecs:us-east-1:111122223333:container-instance/default/two',
        close: async () => {},
      };
    });
    expect(machine.instances()[0]).toMatchObject({
      problem: 'Cannot listen on 172.17.0.1',
      containerInstanceArn: undefined,
    });
    await clock.advance(10_000);
    expect(attempts).toBe(2);
    expect(machine.instances()[0]?.problem).toBeUndefined();
  });

  it('hosts Fargate tasks beside its instances, in the room of its own', async () => {
    const arnOf = (name: string) => `arn:aws:ecs:us-east-1:111122223333:container-instance/${name}/1`;
    const started: unknown[] = [];
    await using machine = await open(async ({ name, cluster }, share, _directory, attributes) => {
      started.push({ name, cluster, share, attributes });
      return { containerInstanceArn: arnOf(cluster), close: async () => {} };
    }, 'fargate.hosts');
    const share = { cpu: 2048, memoryMiB: 3840 };
    expect(started).toEqual([
      { name: 'machine', cluster: 'default', share, attributes: {} },
      {
        name: 'fargate',
        cluster: 'fargate.hosts',
        share,
        attributes: { 'catamaran.lender': arnOf('default') },
      },
    ]);
    expect(machine.instances().map(({ name }) => name)).toEqual(['machine']);
    expect(machine.fargateHost()).toMatchObject({ containerInstanceArn: arnOf('fargate.hosts') });
    const { signal } = new AbortController();
    await expect(machine.remove('fargate', { force: false, signal })).rejects.toThrow(/There is no instance/);
  });

  it('keeps the share and the address of a Managed Instance, and starts its agent when it is told to', async () => {
    const started: string[] = [];
    const arn = 'arn:aws:ecs:us-east-1:111122223333:container-instance/default/own';
    const start: MachineOptions['startAgent'] = async ({ id, availabilityZone }, share) => {
      started.push(`${id.length > 3 ? 'own' : id} ${availabilityZone ?? '-'} ${share.cpu}`);
      return { containerInstanceArn: arn, close: async () => {} };
    };
    const wanted = { id: 'i-1', cluster: 'default', size: { cpu: 512, memoryMiB: 1_024 } };
    free = { cpu: 2_048, memoryMiB: 3_840 };
    const first = await open(start);
    expect(await first.reserveManaged(wanted)).toEqual({ address: '127.0.0.2' });
    expect(await first.reserveManaged(wanted)).toEqual({ address: '127.0.0.2' });
    expect(await first.reserveManaged({ ...wanted, id: 'i-2', size: { cpu: 4_096, memoryMiB: 1 } })).toEqual({
      refusal: expect.stringMatching(/2048 CPU units/),
    });
    expect(started).toEqual(['own - 2048', 'own - 1536']);
    await first.startManaged('i-1', 'us-east-1b');
    expect(started.at(-1)).toBe('i-1 us-east-1b 512');
    await first[Symbol.asyncDispose]();

    started.length = 0;
    await using second = await open(start);
    expect(second.managed()).toEqual(['i-1']);
    expect(started).toEqual(['own - 1536']);
    const { signal } = new AbortController();
    await expect(second.remove('i-1', { force: true, signal })).rejects.toThrow(/is a Managed Instance/);
    await second.endManaged('i-1');
    await second.endManaged('i-1');
    expect(second.managed()).toEqual([]);
    expect(started.at(-1)).toBe('own - 2048');
  });

  it('remembers what an instance is called in ECS, also while its agent does not start', async () => {
    const arn = 'arn:aws:ecs:us-east-1:111122223333:container-instance/default/three';
    const first = await open(async () => ({ containerInstanceArn: arn, close: async () => {} }));
    await first[Symbol.asyncDispose]();
    expect(readFileSync(join(directory, 'instances.json'), 'utf8')).toContain(arn);
    await using second = await open(async () => {
      throw new Error('no');
    });
    expect(second.instances()[0]).toMatchObject({ containerInstanceArn: arn, problem: 'no' });
  });
});
