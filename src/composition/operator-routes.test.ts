import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpRequest, signerOf } from '../gateway/testing/signing.ts';
import { accountId, type IamServer, startIamServer } from '../services/iam/testing/iam-server.ts';
import { operatorRoutes } from './operator-routes.ts';
import { prometheusRoute } from './prometheus/route.ts';

/** Whoever gets through is told that the installation is not ready, which nobody else hears. */
const reached = (): never => {
  throw new Error('Reached');
};
const routes = [
  ...operatorRoutes(accountId, reached, reached),
  // For whoever is not on this machine.
  prometheusRoute(accountId, reached),
];

let server: IamServer;
beforeAll(async () => {
  server = await startIamServer({ routes });
});
afterAll(() => server[Symbol.asyncDispose]());

type Key = Parameters<typeof signerOf>[1] & object;

async function ask({ method, path }: (typeof routes)[number], key: Key): Promise<[number, string]> {
  const url = new URL(path.replace('{id}', 'a'), server.endpoint);
  const body = method === 'POST' ? '{}' : '';
  const unsigned = { method, path: url.pathname, query: {}, headers: { host: url.host }, body };
  const { headers } = await signerOf('catamaran', key).sign(httpRequest(unsigned));
  const answer = await fetch(url, { method, headers, ...(body && { body }) });
  return [answer.status, await answer.text()];
}

test.each(routes.map((route) => [route.action, route] as const))(
  '%s is for the root user of the first account alone, whatever policies say',
  async (action, route) => {
    const UserName = `of-${action.split(':')[1]}`;
    await server.iam.createUser({ UserName });
    const { AccessKey } = await server.iam.createAccessKey({ UserName });
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
    const administrator = { Effect: 'Allow', Action: '*', Resource: '*' };
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: administrator });
    const mayNot = [403, expect.stringContaining(`is not authorized to perform: ${action}`)];
    expect(await ask(route, { accessKeyId, secretAccessKey })).toEqual(mayNot);
    await server.iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument });
    expect(await ask(route, { accessKeyId, secretAccessKey })).toEqual(mayNot);
    expect(await ask(route, server.otherRootKey)).toEqual(mayNot);
    expect((await ask(route, server.rootKey))[0]).toBe(500);
  },
);
