import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { httpRequest, signerOf } from '../../../gateway/testing/signing.ts';
import { denial } from '../../testing/authorization-suite.ts';
import { type Guarded, region } from '../../testing/guarded.ts';
import { arn, openHarbor, type World } from './testing/harbor.ts';

let harbor: Guarded<World>;
beforeAll(async () => {
  harbor = await openHarbor();
});
afterAll(() => harbor[Symbol.asyncDispose]());

/** As an agent does, with ada's key. @returns `open`, or what is said against it. */
async function connect(path: string, query: Readonly<Record<string, string>>): Promise<string> {
  const url = new URL(path, harbor.server.endpoint);
  const unsigned = { method: 'GET', path, query, headers: { host: url.host }, body: '' };
  const { headers } = await signerOf('ecs', harbor.ada.credentials, region).sign(httpRequest(unsigned));
  url.search = String(new URLSearchParams(query));
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers });
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('error', () => {}); // The refused handshake, which `unexpected-response` tells more of.
    socket.on('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (part: Buffer) => {
        body += part.toString();
      });
      response.on('end', () => resolve(body));
    });
  });
}

describe.each([
  ['/acs/ws', 'ecs:Poll', 'clusterArn', 'containerInstanceArn'],
  ['/tcs/ws', 'ecs:StartTelemetrySession', 'cluster', 'containerInstance'],
])('%s', (path, Action, cluster, instance) => {
  const as = (containerInstance: string, clusterName = 'harbor') =>
    connect(path, { [cluster]: arn(`cluster/${clusterName}`), [instance]: containerInstance });
  const denied = (resource: string) => denial(Action, resource);

  test('is open to an agent for the instances that its policy names', async () => {
    const [own, other] = harbor.world.instances;
    await harbor.allow({ Action, Resource: own });
    expect(await as(own)).toBe('open');
    expect(await as(own.split('/').at(-1) ?? '')).toBe('open');
    expect(JSON.parse(await as(other))).toMatchObject({ message: denied(other) });
    await harbor.allow();
    expect(JSON.parse(await as(own))).toMatchObject({ message: denied(own) });
  });

  test('takes an instance for one of the cluster that the agent names, whatever its ARN says', async () => {
    const [own] = harbor.world.instances;
    const elsewhere = own.replace('/harbor/', '/pier/');
    await harbor.allow({ Action, Resource: arn('container-instance/pier/*') });
    expect(JSON.parse(await as(elsewhere))).toMatchObject({ message: denied(own) });
  });

  test('is limited by cluster and by the tags of the instance', async () => {
    const [own] = harbor.world.instances;
    const under = (key: string, value: string) =>
      harbor.allow({ Action, Resource: '*', Condition: { StringEquals: { [key]: value } } });
    await under('ecs:cluster', arn('cluster/harbor'));
    expect(await as(own)).toBe('open');
    await under('ecs:cluster', arn('cluster/pier'));
    expect(JSON.parse(await as(own))).toMatchObject({ message: denied(own) });
    await under('aws:ResourceTag/team', 'blue');
    expect(await as(own)).toBe('open');
    await under('aws:ResourceTag/team', 'red');
    expect(JSON.parse(await as(own))).toMatchObject({ message: denied(own) });
  });
});
