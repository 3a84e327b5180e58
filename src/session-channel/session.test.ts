import { describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../clock/index.ts';
import {
  AgentChannel,
  ClientChannel,
  decodeAgentMessage,
  encodeAgentMessage,
  type SessionEncryption,
} from './index.ts';
import { messageTypes, payloadTypes } from './payloads.ts';

const messageId = 'dd01e56b-ff48-483e-a508-b5f073f31b16';

type Ends = Partial<{
  readonly encryption: SessionEncryption;
  newDataKey(kmsKeyId: string): Promise<{ readonly plain: Buffer; readonly encrypted: Buffer }>;
}>;

function session({ encryption, newDataKey }: Ends = {}) {
  const clock = new VirtualClock(0);
  const random = seededRandom(3);
  const log: string[] = [];
  const agentFrames: Buffer[] = [];
  const clientFrames: Buffer[] = [];
  const agent: AgentChannel = new AgentChannel({
    ...{ sessionId: 'session', sessionType: 'InteractiveCommands', agentVersion: '3.1.0', clock, random },
    encryption,
    send: (frame) => {
      agentFrames.push(frame);
      clock.after(0, () => client.receive(frame));
    },
    input: (bytes) => void log.push(`input ${bytes}`),
    resized: ({ columns, rows }) => void log.push(`size ${columns}x${rows}`),
    ended: (reason) => void log.push(`ended ${reason}`),
  });
  const client: ClientChannel = new ClientChannel({
    ...{ clientVersion: '1.2', clock, random, ...(newDataKey && { newDataKey }) },
    send: (frame) => {
      clientFrames.push(frame);
      clock.after(0, () => agent.receive(frame));
    },
    ready: () => void log.push('ready'),
    output: (bytes) => void log.push(`output ${bytes}`),
    closed: (output) => void log.push(`closed ${output}`),
    failed: (error) => void log.push(`failed ${error.message}`),
  });
  return { clock, agent, client, log, agentFrames, clientFrames };
}

const never = new AbortController().signal;
const payloadsOf = (frames: readonly Buffer[], payloadType: number): unknown[] =>
  frames
    .map(decodeAgentMessage)
    .filter((message) => message?.payloadType === payloadType)
    .map((message) => JSON.parse(String(message?.payload)));

describe('a session', () => {
  it('shakes hands, types, resizes and says, in the words of the agent and the plugin', async () => {
    const { clock, agent, client, log, agentFrames, clientFrames } = session();
    const shaken = agent.handshake(never);
    await clock.advance(1_000);
    await shaken;
    await client.write(Buffer.from('ls\n'));
    client.resize({ columns: 100, rows: 40 });
    await agent.write(Buffer.from('file\r\n'));
    await clock.advance(1_000);
    await agent.finish(true);
    await clock.advance(1_000);
    expect(log).toEqual(
      ['ready', 'output file\r\n', 'input ls\n', 'size 100x40'].sort((a, b) => order(a) - order(b)),
    );
    expect(payloadsOf(agentFrames, payloadTypes.handshakeRequest)).toEqual([
      {
        AgentVersion: '3.1.0',
        RequestedClientActions: [
          {
            ActionType: 'SessionType',
            ActionParameters: { SessionType: 'InteractiveCommands', Properties: {} },
          },
        ],
      },
    ]);
    expect(payloadsOf(clientFrames, payloadTypes.handshakeResponse)).toEqual([
      {
        ClientVersion: '1.2',
        ProcessedClientActions: [
          { ActionType: 'SessionType', ActionStatus: 1, ActionResult: null, Error: '' },
        ],
        Errors: [],
      },
    ]);
    expect(payloadsOf(clientFrames, payloadTypes.size)).toEqual([{ cols: 100, rows: 40 }]);
    const last = decodeAgentMessage(agentFrames.at(-1) ?? Buffer.alloc(0));
    expect(last?.messageType).toBe(messageTypes.agentSessionState);
    expect(JSON.parse(String(last?.payload))).toEqual({
      SchemaVersion: 1,
      SessionState: 'Terminating',
      SessionId: 'session',
    });
  });

  /** The plugin's answer as Go's encoder writes it. */
  it('takes the answer of session-manager-plugin', async () => {
    const { clock, agent } = session();
    const shaken = agent.handshake(never);
    agent.receive(
      encodeAgentMessage({
        messageType: messageTypes.inputStreamData,
        ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber: 0, flags: 0, messageId },
        payloadType: payloadTypes.handshakeResponse,
        payload: Buffer.from(
          '{"ClientVersion":"1.2.707.0","ProcessedClientActions":[{"ActionType":"SessionType","ActionStatus":1,"ActionResult":null,"Error":""}],"Errors":null}',
        ),
      }),
    );
    await shaken;
    await clock.advance(0);
  });

  it('does not begin with a client that refuses or never answers', async () => {
    const one = session();
    const refused = one.agent.handshake(never);
    refused.catch(() => {});
    one.agent.receive(
      encodeAgentMessage({
        messageType: messageTypes.inputStreamData,
        ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber: 0, flags: 0, messageId },
        payloadType: payloadTypes.handshakeResponse,
        payload: Buffer.from('{"ProcessedClientActions":[],"Errors":["Unknown session type X"]}'),
      }),
    );
    await expect(refused).rejects.toThrow('Unknown session type X');

    const other = session();
    other.client[Symbol.dispose]();
    const unanswered = other.agent.handshake(never);
    unanswered.catch(() => {});
    await other.clock.advance(61_000);
    await expect(unanswered).rejects.toThrow('in time');
  });

  it('is not typed into before the handshake, and ends by the flag of the client', async () => {
    const { clock, agent, client, log } = session();
    void client.write(Buffer.from('too early'));
    await clock.advance(100);
    const shaken = agent.handshake(never);
    await clock.advance(1_000);
    await shaken;
    agent.receive(
      encodeAgentMessage({
        messageType: messageTypes.inputStreamData,
        ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber: 2, flags: 0, messageId },
        payloadType: payloadTypes.flag,
        payload: Buffer.from([0, 0, 0, 2]),
      }),
    );
    expect(log).toEqual(['ready', 'ended The client ended the session']);
  });
});

/** Input and output cross each other: only each one's own order is given. */
function order(line: string): number {
  return ['ready', 'input ls\n', 'size 100x40', 'output file\r\n'].indexOf(line);
}

describe('a session that is encrypted', () => {
  const plain = Buffer.from(Array.from({ length: 64 }, (_, index) => index));
  const encrypted = Buffer.from('the key, as KMS has encrypted it');
  const encryption = (opened = plain): SessionEncryption => ({
    kmsKeyId: 'alias/harbor',
    openDataKey: async (key) => {
      expect(key).toEqual(encrypted);
      return opened;
    },
  });
  const newDataKey = async (kmsKeyId: string) => {
    expect(kmsKeyId).toBe('alias/harbor');
    return { plain, encrypted };
  };
  const textsOf = (frames: readonly Buffer[]): string => Buffer.concat(frames).toString('latin1');

  it('carries nothing that could be read on its way, as much as it is', async () => {
    const { clock, agent, client, log, agentFrames, clientFrames } = session({
      encryption: encryption(),
      newDataKey,
    });
    const shaken = agent.handshake(never);
    await clock.advance(2_000);
    await shaken;
    await client.write(Buffer.from('secret typed'));
    const said = `secret said ${'x'.repeat(3_000)}`;
    await agent.write(Buffer.from(said));
    await clock.advance(2_000);
    expect(log[0]).toBe('ready');
    expect(log).toContain('input secret typed');
    const heard = log.filter((line) => line.startsWith('output ')).map((line) => line.slice(7));
    expect(heard.join('')).toBe(said);
    expect(textsOf([...agentFrames, ...clientFrames])).not.toContain('secret');
    expect(textsOf([...agentFrames, ...clientFrames])).not.toContain('xxxx');
    expect(payloadsOf(agentFrames, payloadTypes.handshakeRequest)).toMatchObject([
      {
        RequestedClientActions: [
          { ActionType: 'SessionType' },
          { ActionType: 'KMSEncryption', ActionParameters: { KMSKeyId: 'alias/harbor' } },
        ],
      },
    ]);
    expect(payloadsOf(clientFrames, payloadTypes.handshakeResponse)).toMatchObject([
      {
        ProcessedClientActions: [
          { ActionType: 'SessionType', ActionStatus: 1 },
          { ActionStatus: 1, ActionResult: { KMSCipherTextKey: encrypted.toString('base64') } },
        ],
      },
    ]);
    // One message for each piece of 1,024 bytes, its seal included.
    for (const frame of agentFrames)
      expect(decodeAgentMessage(frame)?.payload.length ?? 0).toBeLessThanOrEqual(1_024);
  });

  it.each<[string, Ends, RegExp]>([
    ['whose client has no KMS', { encryption: encryption() }, /Unsupported action KMSEncryption/],
    [
      'whose client may not use the key',
      {
        encryption: encryption(),
        newDataKey: async () => {
          throw new Error('not authorized to perform: kms:GenerateDataKey');
        },
      },
      /refused the session: .*kms:GenerateDataKey/,
    ],
    [
      'whose agent may not use the key',
      {
        encryption: {
          ...encryption(),
          openDataKey: async () => {
            throw new Error('not authorized to perform: kms:Decrypt');
          },
        },
        newDataKey,
      },
      /kms:Decrypt/,
    ],
  ])('does not begin, %s', async (_, ends, why) => {
    const { clock, agent, log } = session(ends);
    const shaken = agent.handshake(never);
    shaken.catch(() => {});
    await clock.advance(2_000);
    await expect(shaken).rejects.toThrow(why);
    expect(log).toEqual([]);
  });

  it('does not begin with another key, and ends with what was changed on its way', async () => {
    const other = session({ encryption: encryption(Buffer.alloc(64)), newDataKey });
    const shaken = other.agent.handshake(never);
    shaken.catch(() => {});
    await other.clock.advance(2_000);
    expect(other.log).toEqual(['failed What came could not be taken']);

    const { clock, agent, log } = session({ encryption: encryption(), newDataKey });
    const begun = agent.handshake(never);
    await clock.advance(2_000);
    await begun;
    agent.receive(
      encodeAgentMessage({
        messageType: messageTypes.inputStreamData,
        ...{ schemaVersion: 1, createdAtMs: 1, sequenceNumber: 2, flags: 0, messageId },
        ...{ payloadType: payloadTypes.output, payload: Buffer.from('typed by nobody who has the key') },
      }),
    );
    expect(log).toEqual(['ready', 'ended What came could not be taken']);
  });
});
