import { connect } from 'node:net';
import * as ecs from '@aws-sdk/client-ecs';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../protocols/index.ts';
import { send } from './testing/sending.ts';
import { openTestGateway } from './testing/test-gateway.ts';

describe('the gateway and its connections', () => {
  it('aborts the call of a client that goes away', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: (_input: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise<never>((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            started.resolve(signal);
          }),
      },
    };
    await using gateway = await openTestGateway({ operations });
    const leaving = new AbortController();
    const sent = gateway.ecs().send(new ecs.ListClustersCommand({}), { abortSignal: leaving.signal });
    const signal = await started.promise;
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    leaving.abort();
    await expect(sent).rejects.toThrow();
    await aborted;
    expect(gateway.logged).toEqual([]);
  });

  it('lets requests under way end when it closes, and takes no more', async () => {
    const finish = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: async () => {
          started.resolve();
          await finish.promise;
          return { clusterArns: ['late'] };
        },
      },
    };
    await using gateway = await openTestGateway({ operations });
    const sent = gateway.ecs().send(new ecs.ListClustersCommand({}));
    await started.promise;
    const closed = gateway.gateway.close();
    await expect(send(gateway)).rejects.toThrow('ECONNREFUSED');
    finish.resolve();
    await expect(sent).resolves.toMatchObject({ clusterArns: ['late'] });
    await closed;
    expect(gateway.gateway.address).toBeUndefined();
  });

  it('aborts what is still under way at the deadline of its closing', async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: (_input: unknown, { signal }: { signal: AbortSignal }) =>
          new Promise<never>((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            started.resolve(signal);
          }),
      },
    };
    await using gateway = await openTestGateway({ operations, limits: { closeDeadlineMs: 20 } });
    const sent = gateway
      .ecs()
      .send(new ecs.ListClustersCommand({}))
      .catch((error: unknown) => error);
    const signal = await started.promise;
    await gateway.gateway.close();
    expect(signal.reason).toEqual(new Error('Catamaran is stopping'));
    expect(await sent).toBeInstanceOf(Error);
  });

  it('hangs up on a sender whose headers never end', async () => {
    await using gateway = await openTestGateway({
      limits: { headersTimeoutMs: 500, requestTimeoutMs: 1_000 },
    });
    const text = await new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nHost: x\r\n'));
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    expect(text).toMatch(/^HTTP\/1.1 408/);
  });

  it('hangs up on a sender who never begins', async () => {
    await using gateway = await openTestGateway({ limits: { headersTimeoutMs: 20 } });
    const socket = connect(gateway.port, '127.0.0.1').resume();
    await new Promise<void>((resolve, reject) => socket.on('close', resolve).on('error', reject));
  });

  it('says a failure of the world in plain words where it is known', async () => {
    class Flood extends Error {}
    const operations = {
      ListClusters: {
        action: 'ecs:ListClusters',
        resources: () => ['*'],
        run: () => Promise.reject(new Flood('the cellar is full of water')),
      },
    };
    await using gateway = await openTestGateway({
      operations,
      refusalOf: (failure) =>
        failure instanceof Flood
          ? new Refusal('ServiceUnavailable', failure.message, { status: 503 })
          : undefined,
    });
    await expect(gateway.ecs().send(new ecs.ListClustersCommand({}))).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      message: 'the cellar is full of water',
      $metadata: { httpStatusCode: 503 },
    });
  });

  it('says so when the address is taken', async () => {
    await using gateway = await openTestGateway();
    const second = openTestGateway().then(async (other) => {
      await using third = other;
      await third.gateway.close();
      await third.gateway.listen({ host: '127.0.0.1', port: gateway.port });
    });
    await expect(second).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${gateway.port}: another process listens there`,
    );
  });
});
