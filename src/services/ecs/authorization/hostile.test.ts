import { Agent } from 'node:http';
import * as sdk from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { send, signed, target } from '../../../../test/raw-requests.ts';
import { hostileInput } from '../../../../test/system/hostile-inputs.ts';
import { seededRandom } from '../../../clock/index.ts';
import { readServiceModel } from '../../../protocols/service-model.ts';
import { arn, openHarbor } from './testing/harbor.ts';

const requests = 500;
const { operations } = readServiceModel(sdk);

it('nearly right requests are allowed or refused for a reason, with every key gathered and everything asked', async () => {
  await using harbor = await openHarbor();
  // A key that nobody knows: whoever is asked for it gathers all that there are.
  const Condition = { StringNotEquals: { 'ecs:none': 'x' } };
  await harbor.allow(
    { Action: 'ecs:*', Resource: '*', Condition },
    { Action: 'iam:PassRole', Resource: '*', Condition },
  );
  const { endpoint, credentials, region } = harbor.ada;
  const environment = {
    ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    AWS_REGION: region,
  };
  const { instances, tasks, deployment, taskSet } = harbor.world;
  const names = {
    ...{ cluster: ['harbor', arn('cluster/harbor')], service: ['web', 'fleet', arn('service/harbor/web')] },
    ...{ task: tasks, containerInstance: instances, targetId: instances, taskSet: [taskSet] },
    ...{ taskDefinition: ['web', 'ferry:1', arn('task-definition/ferry:1')], family: ['ferry', 'new'] },
    ...{ capacityProvider: ['spare', 'FARGATE'], serviceDeploymentArn: [deployment], resourceArn: tasks },
  };
  const agent = new Agent({ keepAlive: true });
  const random = seededRandom('hostile authorisation');
  const all = [...operations.values()];
  const wrong: string[] = [];
  const allowed = new Set<string>();
  for (let count = 0; count < requests; count += 1) {
    const operation = all[random.integer(all.length)];
    if (operation === undefined) throw new Error('The SDK has no operations');
    const input = hostileInput(random, operation, names);
    const request = { headers: target(operation.name), body: JSON.stringify(input) };
    const signingDate = new Date(harbor.server.clock.now());
    const answer = await send(endpoint, await signed(endpoint, environment, request, { signingDate }), agent);
    for (const name of harbor.reached()) allowed.add(name);
    const isRefusal = answer.status >= 400 && answer.status < 500 && answer.text.includes('"message":"');
    if (answer.status !== 200 && !isRefusal)
      wrong.push(`${operation.name} ${JSON.stringify(input).slice(0, 500)}: ${answer.status} ${answer.text}`);
  }
  agent.destroy();
  expect(wrong).toEqual([]);
  // Else nothing behind the first field was looked at.
  expect([...allowed]).toEqual(
    expect.arrayContaining(['CreateService', 'RegisterTaskDefinition', 'RunTask', 'UpdateService']),
  );
});
