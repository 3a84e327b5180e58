import { describe, expect, test } from 'vitest';
import { type Endpoint, endpointOf, readServers, serverCommands, serverName } from './endpoints.ts';
import { listener } from './testing/plans.ts';

const web = listener('web', 'http');
const one: Endpoint = { address: '10.0.0.4', port: 80 };
const other: Endpoint = { address: '10.0.0.5', port: 80 };
const present = (endpoint: Endpoint, isInMaintenance = false) =>
  ['out:web', 'all:web'].map((backend) => ({ backend, name: serverName(endpoint), isInMaintenance }));

describe('the proxy’s servers', () => {
  test('that are as they should be are left alone', () => {
    expect(serverCommands(web, [...present(one), ...present(other)], [other, one])).toEqual([]);
  });

  test('come into both backends, observed in one', () => {
    const name = serverName(one);
    expect(serverCommands(web, [], [one])).toEqual([
      {
        type: 'add',
        commands: [
          `add server out:web/${name} 10.0.0.4:80 check inter 10s fastinter 1s downinter 30s fall 2 rise 1 observe layer7 error-limit 5 on-error mark-down`,
          `enable health out:web/${name}`,
          `enable server out:web/${name}`,
        ],
      },
      { type: 'add', commands: [`add server all:web/${name} 10.0.0.4:80`, `enable server all:web/${name}`] },
    ]);
  });

  test('are HTTP/2 to the end where the application speaks it, and watched by connections where it speaks neither', () => {
    const [http2] = serverCommands(listener('rpc', 'grpc'), [], [one]);
    expect(http2?.commands[0]).toContain('10.0.0.4:80 proto h2 check');
    const [tcp] = serverCommands(listener('db', 'tcp'), [], [one]);
    expect(tcp?.commands[0]).toContain('observe layer4');
  });

  test('that go get nothing new, and end when what they had is over', () => {
    const name = serverName(other);
    const commands = serverCommands(web, [...present(one), ...present(other)], [one]);
    expect(commands).toEqual([
      { type: 'remove', commands: [`set server out:web/${name} state maint`, `del server out:web/${name}`] },
      { type: 'remove', commands: [`set server all:web/${name} state maint`, `del server all:web/${name}`] },
    ]);
    expect(serverCommands(web, present(other, true), [])).toEqual([
      { type: 'remove', commands: [`del server out:web/${name}`] },
      { type: 'remove', commands: [`del server all:web/${name}`] },
    ]);
  });

  test('that come back before they have ended go on', () => {
    const name = serverName(one);
    expect(serverCommands(web, present(one, true), [one])).toEqual([
      { type: 'restore', commands: [`enable health out:web/${name}`, `enable server out:web/${name}`] },
      { type: 'restore', commands: [`enable server all:web/${name}`] },
    ]);
  });

  test('of other services are none of its business', () => {
    expect(serverCommands(web, [{ backend: 'out:db', name: 't1', isInMaintenance: false }], [])).toEqual([]);
  });
});

test('the state of servers is read by the names of its columns', () => {
  const answer = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight
3 out:web 1 ta 10.0.0.4 2 0 1
4 all:web 1 ta 10.0.0.4 0 1 1

`;
  expect(readServers(answer)).toEqual([
    { backend: 'out:web', name: 'ta', isInMaintenance: false },
    { backend: 'all:web', name: 'ta', isInMaintenance: true },
  ]);
});

test.each([
  [{ AWS_INSTANCE_IPV4: '10.0.0.4', AWS_INSTANCE_PORT: '80' }, one],
  [{ AWS_INSTANCE_IPV4: '10.0.0.4' }, undefined],
  [{ AWS_INSTANCE_IPV4: 'web; shutdown', AWS_INSTANCE_PORT: '80' }, undefined],
  [{ AWS_INSTANCE_IPV4: '10.0.0.4', AWS_INSTANCE_PORT: '80 check' }, undefined],
  [{ AWS_INSTANCE_IPV4: '10.0.0.4', AWS_INSTANCE_PORT: '70000' }, undefined],
])('of an instance %j only a place is taken', (attributes, expected) => {
  expect(endpointOf(attributes)).toEqual(expected);
});
