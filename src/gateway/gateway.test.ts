import * as ecs from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock/index.ts';
import { sendSigned, target } from './testing/sending.ts';
import { testCredentials } from './testing/signing.ts';
import { accountId, openTestGateway } from './testing/test-gateway.ts';

describe('the gateway answers the SDK', () => {
  it('with the output of the operation, its caller, region and a request id', async () => {
    await using gateway = await openTestGateway();
    const answer = await gateway.ecs().send(new ecs.ListClustersCommand({}));
    expect(answer.clusterArns).toEqual([`arn:aws:ecs:us-east-1:${accountId}:cluster/default`]);
    expect(answer.$metadata.requestId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('with the refusal that the operation threw', async () => {
    await using gateway = await openTestGateway();
    const sent = gateway.ecs().send(new ecs.DescribeTasksCommand({ tasks: ['a'] }));
    await expect(sent).rejects.toBeInstanceOf(ecs.ClusterNotFoundException);
    await expect(sent).rejects.toMatchObject({
      message: 'Cluster not found.',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('with a refusal by name of what is not built', async () => {
    await using gateway = await openTestGateway();
    const { UnsupportedFeatureException } = ecs;
    await expect(gateway.ecs().send(new ecs.RunTaskCommand({ taskDefinition: 'a' }))).rejects.toThrow(
      new UnsupportedFeatureException({
        message: 'RunTask is not supported by this version of Catamaran yet: it comes later.',
        $metadata: {},
      }).message,
    );
    await expect(gateway.ecs().send(new ecs.ListTasksCommand({}))).rejects.toBeInstanceOf(
      UnsupportedFeatureException,
    );
  });

  it('with what authorisation says', async () => {
    await using gateway = await openTestGateway();
    await expect(gateway.ecs().send(new ecs.DeleteClusterCommand({ cluster: 'a' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:iam::${accountId}:root is not authorized to perform: ecs:DeleteCluster`,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('with an internal failure that tells nothing, and everything to the log', async () => {
    await using gateway = await openTestGateway();
    const error = await gateway
      .ecs()
      .send(new ecs.StopTaskCommand({ task: 'a' }))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ecs.ServerException);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    const answer = await sendSigned(gateway, { headers: target('StopTask'), body: '{"task":"a"}' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('hunter2');
    expect(gateway.logged).toHaveLength(2);
    expect(gateway.logged[0]).toMatchObject({
      service: 'ecs',
      operation: 'StopTask',
      requestId: (error as ecs.ServerException).$metadata.requestId,
      error: new Error('the database password is hunter2'),
    });
  });

  it('with an internal failure when an output does not fit its schema', async () => {
    const operations = {
      ListClusters: { action: 'ecs:ListClusters', resources: () => ['*'], run: () => ({ clusterArns: 5 }) },
    };
    await using gateway = await openTestGateway({ operations });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toBeInstanceOf(
      ecs.ServerException,
    );
    expect(gateway.logged[0]).toMatchObject({
      error: { message: 'Cannot write clusterArns: number does not fit its schema' },
    });
  });

  it.each([
    [
      'another secret',
      { secretAccessKey: 'other' },
      'InvalidSignatureException',
      'The request signature we calculated does not match',
    ],
    [
      'an unknown key',
      { accessKeyId: 'AKIDNOBODY' },
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
  ])('who signs with %s, with what is wrong', async (_what, credentials, name, message) => {
    await using gateway = await openTestGateway();
    const sent = gateway.ecs(credentials).send(new ecs.ListClustersCommand({}));
    await expect(sent).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('whose clock is off, in the words that tell it', async () => {
    const clock = new VirtualClock(Date.UTC(2020, 0, 1));
    await using gateway = await openTestGateway({ clock });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toThrow(
      'Signature not yet current',
    );
  });

  it('of many at once, loading the service once', async () => {
    let loads = 0;
    await using gateway = await openTestGateway({
      services: [
        {
          signingName: 'ecs',
          loadSdk: () => {
            loads += 1;
            return import('@aws-sdk/client-ecs');
          },
          loadOperations: async () => ({
            ListClusters: {
              action: 'ecs:ListClusters',
              resources: () => ['*'],
              run: () => ({ clusterArns: ['a'] }),
            },
          }),
        },
      ],
    });
    const client = gateway.ecs();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.send(new ecs.ListClustersCommand({}))),
    );
    expect(answers.map((answer) => answer.clusterArns)).toEqual(Array.from({ length: 20 }, () => ['a']));
    expect(new Set(answers.map((answer) => answer.$metadata.requestId)).size).toBe(20);
    expect(loads).toBe(1);
  });

  it('again after a service could not be loaded', async () => {
    let isBroken = true;
    await using gateway = await openTestGateway({
      services: [
        {
          signingName: 'ecs',
          loadSdk: () => import('@aws-sdk/client-ecs'),
          loadOperations: async () => {
            if (isBroken) throw new Error('no such file');
            return { ListClusters: { action: 'ecs:ListClusters', resources: () => ['*'], run: () => ({}) } };
          },
        },
      ],
    });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 500 },
    });
    isBroken = false;
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).resolves.toBeDefined();
  });
});

it('keeps the secret out of everything it answers and logs', async () => {
  await using gateway = await openTestGateway();
  await gateway
    .ecs({ secretAccessKey: 'another-secret' })
    .send(new ecs.ListClustersCommand({}))
    .catch(() => undefined);
  const answer = await sendSigned(gateway, { headers: target('StopTask'), body: '{"task":"a"}' });
  for (const text of [answer.text, JSON.stringify(gateway.logged)])
    expect(text).not.toContain(testCredentials.secretAccessKey);
});
