import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { systemRandom } from '../../src/clock/index.ts';
import { drawMs, measuredLatency } from '../../src/runtime/sim/model.ts';
import { inParallel, type Place, SignedHttp } from './signed-http.ts';
import { reportUsage } from './usage.ts';

/**
 * Agents of simulated instances, all in this process: each registers, keeps an ACS connection of its own, and takes
 * what it is told as an agent does: acknowledges it, starts the task in the time that a container takes, and says so
 * by SubmitTaskStateChange, again and again until that is taken. What they have instead of containers is time.
 */
const place = JSON.parse(process.argv[2] ?? '{}') as Place & { readonly instances: number };
const http = new SignedHttp(place, 64);
const random = systemRandom();
const retryMs = 200;

interface Frame {
  readonly type: string;
  readonly message: {
    readonly messageId?: string;
    readonly clusterArn?: string;
    readonly containerInstanceArn?: string;
    readonly tasks?: readonly {
      readonly arn: string;
      readonly desiredStatus: string;
      readonly taskClusterArn: string;
      readonly containers?: readonly { readonly name: string }[];
    }[];
  };
}

type Task = NonNullable<Frame['message']['tasks']>[number];

/** Over all agents: a payload that is sent again starts nothing a second time. */
const started = new Set<string>();

async function register(index: number): Promise<string> {
  const input = {
    cluster: 'default',
    attributes: [
      { name: 'ecs.availability-zone', value: `${place.region}${'abc'[index % 3]}` },
      { name: 'com.amazonaws.ecs.capability.docker-remote-api.1.18' },
      { name: 'com.amazonaws.ecs.capability.docker-remote-api.1.21' },
      { name: 'com.amazonaws.ecs.capability.logging-driver.json-file' },
    ],
    totalResources: [
      { name: 'CPU', type: 'INTEGER', integerValue: 65_536 },
      { name: 'MEMORY', type: 'INTEGER', integerValue: 131_072 },
      { name: 'PORTS', type: 'STRINGSET', stringSetValue: ['22'] },
      { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
    ],
  };
  const { containerInstance } = await http.call('RegisterContainerInstance', input);
  return String(new Map(Object.entries(containerInstance ?? {})).get('containerInstanceArn'));
}

function connect(containerInstanceArn: string): Promise<void> {
  const query = Object.entries({
    agentHash: 'bench',
    agentVersion: '1.0.0',
    clusterArn: 'default',
    containerInstanceArn,
    dockerVersion: 'bench',
    protocolVersion: '2',
    sendCredentials: 'false',
    seqNum: '1',
  })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  const headers = http.headers('GET', '/acs/ws', query, '');
  const socket = new WebSocket(`ws://127.0.0.1:${place.port}/acs/ws?${query}`, {
    headers,
    perMessageDeflate: false,
  });
  const send = (type: string, message: object): void => socket.send(JSON.stringify({ type, message }));
  socket.on('message', (data) => {
    const { type, message } = JSON.parse(String(data)) as Frame;
    const { messageId = '' } = message;
    if (type === 'HeartbeatMessage') send('HeartbeatAckRequest', { messageId });
    if (type !== 'PayloadMessage' && type !== 'TaskManifestMessage') return;
    send('AckRequest', { cluster: 'default', containerInstance: containerInstanceArn, messageId });
    if (type !== 'PayloadMessage') return;
    for (const task of message.tasks ?? []) {
      if (task.desiredStatus !== 'RUNNING' || started.has(task.arn)) continue;
      started.add(task.arn);
      void start(task);
    }
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve());
    socket.on('error', reject);
    socket.on('close', (code) => {
      if (process.connected) process.stderr.write(`fleet: an agent's link was closed with ${code}\n`);
    });
  });
}

/** A pull is not part of it: the image is there. */
async function start(task: Task): Promise<void> {
  const { createContainer, startContainerOnBridge } = measuredLatency;
  await sleep(drawMs(createContainer, random) + drawMs(startContainerOnBridge, random));
  const input = {
    cluster: task.taskClusterArn,
    task: task.arn,
    status: 'RUNNING',
    containers: (task.containers ?? []).map(({ name }, place) => ({
      containerName: name,
      status: 'RUNNING',
      runtimeId: `${task.arn.slice(-32)}${String(place).padStart(32, '0')}`,
      networkBindings: [],
    })),
  };
  for (;;) {
    try {
      await http.call('SubmitTaskStateChange', input);
      return;
    } catch (error) {
      if (!process.connected) return;
      process.stderr.write(`fleet: ${error instanceof Error ? error.message : error}\n`);
      await sleep(retryMs);
    }
  }
}

const began = performance.now();
await inParallel(place.instances, 64, async (index) => connect(await register(index)));
process.send?.({ connectedAfterMs: performance.now() - began });
reportUsage();
process.once('disconnect', () => process.exit(0));
