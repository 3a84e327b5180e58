import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededRandom, VirtualClock } from '../../clock/index.ts';
import { recordingLog } from '../../log.ts';
import { openStateFile } from '../state/state-file.ts';
import { EcsApi, type EcsClient } from './ecs-api.ts';
import { register } from './registration.ts';

test('asks for the same instance again when the agent ended before it was told the ARN', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'agent-'));
  try {
    const tokens: unknown[] = [];
    const registerWith = async (answer: () => object, seed: number): Promise<unknown> => {
      // Each command's input is all that a client without HTTP goes by.
      const client: Pick<EcsClient, 'destroy'> & { send(command: { input: unknown }): Promise<object> } = {
        send: async ({ input }) => {
          tokens.push(Object(input).clientToken);
          return answer();
        },
        destroy: () => {},
      };
      using state = openStateFile(directory);
      return await register({
        api: new EcsApi(client as EcsClient),
        state,
        cluster: 'default',
        instance: {
          id: 'i-1',
          resources: { cpuUnits: 1, memoryMiB: 1, reservedTcpPorts: [], reservedUdpPorts: [] },
          address: '127.0.0.1',
        },
        capabilities: [],
        clock: new VirtualClock(0),
        random: seededRandom(seed),
        log: recordingLog(),
        signal: new AbortController().signal,
      });
    };
    const lost = Object.assign(new Error('the answer was lost'), {
      name: 'ClientException',
      $fault: 'client',
    });
    await expect(
      registerWith(() => {
        throw lost;
      }, 1),
    ).rejects.toThrow('the answer was lost');
    await registerWith(() => ({ containerInstance: { containerInstanceArn: 'arn:1' } }), 2);
    expect(tokens).toHaveLength(2);
    expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(tokens[1]).toBe(tokens[0]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
