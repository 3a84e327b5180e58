import type { ServiceRegistry } from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import type { DnsRecordType } from '../../servicediscovery/records.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { addRegistry } from '../testing/registry.ts';
import { container, openRoom, scope, taskDefinition } from '../testing/room.ts';
import { readServiceRegistries } from './service-registries.ts';

type Mode = NonNullable<StoredTaskDefinition['networkMode']>;
type Asked = Omit<ServiceRegistry, 'registryArn'>;

const app = { containerName: 'app', containerPort: 80 };
const needsContainer =
  "When specifying 'host' or 'bridge' for networkMode, values for 'containerName' and 'containerPort' must be specified from the task definition.";

async function read(
  mode: Mode,
  recordTypes: readonly DnsRecordType[],
  asked: Asked,
  launchType: 'EC2' | 'EXTERNAL' = 'EC2',
) {
  await using room = await openRoom();
  const registryArn = await room.write((tx) => addRegistry(tx, scope, { recordTypes }));
  const { definition } = taskDefinition({
    networkMode: mode,
    containerDefinitions: [container({ portMappings: [{ containerPort: 80 }] })],
  });
  const records = readServiceRegistries(room.ecs.state, scope, { definition, launchType }, [
    { registryArn, ...asked },
  ]);
  return { registryArn, records };
}

describe('the registry of a service', () => {
  it.each<[Mode, readonly DnsRecordType[], Asked]>([
    ['awsvpc', ['A'], {}],
    ['awsvpc', ['A'], app],
    ['awsvpc', ['SRV'], { port: 8080 }],
    ['awsvpc', ['A', 'SRV'], app],
    ['awsvpc', [], {}],
    ['bridge', ['SRV'], app],
    ['host', ['SRV'], app],
    ['bridge', [], app],
  ])('of %s tasks with records %j can be asked for with %j', async (mode, recordTypes, asked) => {
    const { records, registryArn } = await read(mode, recordTypes, asked);
    expect(records).toEqual([{ registryArn, ...asked }]);
  });

  it.each<[Mode, readonly DnsRecordType[], Asked, string]>([
    ['bridge', ['SRV'], {}, needsContainer],
    ['host', ['SRV'], { containerName: 'app' }, needsContainer],
    ['bridge', ['A'], app, 'the only supported type of DNS record is SRV.'],
    ['bridge', ['SRV'], { ...app, port: 80 }, "'port' can not be specified."],
    ['awsvpc', ['SRV'], {}, "either 'containerName' and 'containerPort' or 'port' must be specified."],
    ['awsvpc', ['SRV'], { ...app, port: 80 }, 'and not both.'],
    ['awsvpc', ['SRV'], { containerPort: 80 }, 'and not both.'],
    ['awsvpc', ['SRV'], { port: 0 }, 'port must be between 1 and 65535.'],
    ['awsvpc', ['CNAME'], {}, 'type CNAME is not supported'],
    ['awsvpc', ['A', 'AAAA'], {}, 'AAAA is not supported by this version'],
    ['none', ['A'], {}, "not supported for networkMode 'none'."],
    [
      'awsvpc',
      ['SRV'],
      { ...app, containerName: 'x' },
      'The container x does not exist in the task definition.',
    ],
    [
      'bridge',
      ['SRV'],
      { ...app, containerPort: 81 },
      'The container app did not have a container port 81 defined.',
    ],
  ])('of %s tasks with records %j is refused with %j', async (mode, recordTypes, asked, words) => {
    await expect(read(mode, recordTypes, asked)).rejects.toThrow(words);
  });

  it('is there, is one, and is not for machines outside', async () => {
    await using room = await openRoom();
    const { definition } = taskDefinition({ networkMode: 'awsvpc' });
    const asking = (...registries: ServiceRegistry[]) =>
      readServiceRegistries(room.ecs.state, scope, { definition, launchType: 'EC2' }, registries);
    expect(asking()).toBeUndefined();
    expect(() => asking({ registryArn: 'arn:aws:x' })).toThrow(
      'The service registry arn:aws:x does not exist.',
    );
    expect(() => asking({}, {})).toThrow('Multiple service registries for each service are not supported.');
    await expect(read('awsvpc', ['A'], {}, 'EXTERNAL')).rejects.toThrow('The launch type EXTERNAL');
  });
});
