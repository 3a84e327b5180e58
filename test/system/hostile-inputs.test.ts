import { Agent } from 'node:http';
import * as ecsSdk from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { type Random, seededRandom } from '../../src/clock/index.ts';
import { type OperationModel, readServiceModel } from '../../src/protocols/service-model.ts';
import { type RawAnswer, type RawRequest, send, signed, target } from '../raw-requests.ts';
import { hostileInput } from './hostile-inputs.ts';
import type { Json, KnownNames } from './hostile-templates.ts';
import { type System, startSystem } from './system.ts';

/**
 * Whatever a client sends, it hears either that it was done or, in a word that the service knows, what was wrong
 * with it; and whoever comes after finds everything working.
 */
const batches = 20;
const requestsPerBatch = 1_000;
const connectionCount = 8;

const { operations, errors } = readServiceModel(ecsSdk);
/** Errors of any service (Amazon ECS API Reference, "Common Errors"). */
const commonErrors = new Set([
  'ValidationException',
  'SerializationException',
  'UnsupportedOperationException',
]);
/** The operations with the most rules, as often as all others together. */
const main = ['RegisterTaskDefinition', 'RunTask', 'StartTask', 'CreateService', 'UpdateService'];

it.each(Array.from({ length: batches }, (_, seed) => ({ seed })))(
  `of ${requestsPerBatch} nearly right requests each is done or refused for a reason (seed $seed)`,
  async ({ seed }) => {
    const random = seededRandom(`hostile/${seed}`);
    await using system = await startSystem({ seed: `hostile/${seed}`, instances: 2 });
    using connections = new Connections();
    const names = await settle(system);
    const work = Array.from({ length: requestsPerBatch }, () => {
      const operation = chooseOperation(random);
      return { operation, input: hostileInput(random, operation, names) };
    });
    const wrong: string[] = [];
    const done = new Set<string>();
    const worker = async (): Promise<void> => {
      for (let next = work.pop(); next !== undefined; next = work.pop()) {
        const { operation, input } = next;
        const answer = await ask(system, connections.agent, operation, input);
        if (answer.status === 200) done.add(operation.name);
        const problem = problemOf(answer);
        if (problem !== undefined)
          wrong.push(`${operation.name} ${JSON.stringify(input).slice(0, 2_000)}: ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: connectionCount }, worker));

    expect(wrong).toEqual([]);
    expect(system.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    // Else they would test nothing behind the first field.
    expect([...done]).toEqual(expect.arrayContaining(main));
    await expectTaskToRun(system);
  },
);

function chooseOperation(random: Random): OperationModel {
  const all = [...operations.values()];
  const name = random.float() < 0.5 ? main[random.integer(main.length)] : undefined;
  const operation = (name && operations.get(name)) || all[random.integer(all.length)];
  if (operation === undefined) throw new Error('The SDK has no operations');
  return operation;
}

/** Whatever became of the cluster and its instances: on a new one a task runs. */
async function expectTaskToRun(system: System): Promise<void> {
  await system.ecs.createCluster({});
  // Services that wait for room would take the new machine's.
  const { serviceArns = [] } = await system.ecs.listServices({ maxResults: 100 });
  await Promise.all(serviceArns.map((service) => system.ecs.deleteService({ service, force: true })));
  await system.addMachine();
  const taskDefinition = await system.define('after');
  const { taskArn = '' } = await system.until('a task to be placed', async () => {
    const { tasks = [] } = await system.ecs.runTask({ taskDefinition });
    return tasks[0];
  });
  await system.until('it to be RUNNING', async () => {
    const { tasks = [] } = await system.ecs.describeTasks({ tasks: [taskArn] });
    return tasks[0]?.lastStatus === 'RUNNING';
  });
}

/** Kept alive between requests, closed at the end. */
class Connections implements Disposable {
  readonly agent = new Agent({ keepAlive: true, maxSockets: connectionCount });
  [Symbol.dispose](): void {
    this.agent.destroy();
  }
}

/** A world for the requests to go to, and its names. */
async function settle(system: System): Promise<KnownNames> {
  const web = await system.define('web');
  const net = await system.ecs.registerTaskDefinition({
    family: 'net',
    networkMode: 'awsvpc',
    containerDefinitions: [{ name: 'app', image: 'app:1', cpu: 8, memory: 16 }],
  });
  const serverless = await system.ecs.registerTaskDefinition({
    family: 'serverless',
    networkMode: 'awsvpc',
    cpu: '256',
    memory: '512',
    requiresCompatibilities: ['FARGATE'],
    containerDefinitions: [{ name: 'app', image: 'app:1' }],
  });
  await system.ecs.createCapacityProvider({
    name: 'group',
    autoScalingGroupProvider: { autoScalingGroupArn: 'group' },
  });
  await system.ecs.putClusterCapacityProviders({
    cluster: 'default',
    capacityProviders: ['FARGATE', 'FARGATE_SPOT', 'group'],
    defaultCapacityProviderStrategy: [],
  });
  await system.ecs.createService({ serviceName: 'web', taskDefinition: web, desiredCount: 1 });
  await system.ecs.createService({
    serviceName: 'sets',
    deploymentController: { type: 'EXTERNAL' },
    desiredCount: 1,
  });
  await system.ecs.createService({
    serviceName: 'daemon',
    taskDefinition: web,
    schedulingStrategy: 'DAEMON',
  });
  const { subnetId, securityGroupId } = await system.network();
  await system.ecs.createService({
    serviceName: 'serverless',
    taskDefinition: 'serverless',
    launchType: 'FARGATE',
    desiredCount: 1,
    networkConfiguration: { awsvpcConfiguration: { subnets: [subnetId] } },
  });
  const { tasks = [] } = await system.ecs.runTask({ taskDefinition: web });
  const { containerInstances } = await system.instances();
  const instances = containerInstances.flatMap(({ containerInstanceArn = '' }) => [
    containerInstanceArn,
    containerInstanceArn.split('/').at(-1) ?? '',
  ]);
  const taskNames = tasks.flatMap(({ taskArn = '' }) => [taskArn, taskArn.split('/').at(-1) ?? '']);
  const definitions = ['web', 'net', 'serverless', 'web:1', web].concat(
    [net, serverless].map(({ taskDefinition }) => taskDefinition?.taskDefinitionArn ?? ''),
  );
  const services = ['web', system.arn('service/default/web'), 'sets', 'serverless', 'daemon'];
  return {
    subnets: [subnetId],
    securityGroups: [securityGroupId],
    cluster: ['default', 'default', system.arn('cluster/default'), 'other'],
    clusterName: ['default', 'other'],
    service: services,
    serviceName: ['web', 'another'],
    task: taskNames,
    taskDefinition: definitions,
    family: ['full', 'fargate', 'more', 'web'],
    containerInstance: instances,
    targetId: instances,
    resourceArn: [
      ...services.slice(1, 2),
      ...definitions.slice(4),
      ...taskNames,
      system.arn('cluster/default'),
    ],
    name: ['app', 'web', 'serviceLongArnFormat', 'containerInsights', 'FARGATE'],
    capacityProvider: ['FARGATE', 'FARGATE_SPOT', 'group', 'none'],
    expression: [
      'attribute:ecs.os-type == linux',
      'task:group == service:web',
      'not (agentConnected == true)',
    ],
    filter: ['attribute:a exists', 'runningTasksCount > 0', 'registeredAt < 2030-01-01'],
    field: ['cpu', 'memory', 'instanceId', 'host', 'attribute:ecs.availability-zone'],
  };
}

async function ask(system: System, agent: Agent, operation: OperationModel, input: Json): Promise<RawAnswer> {
  const request: RawRequest = { headers: target(operation.name), body: JSON.stringify(input) };
  const signingDate = new Date(system.clock.now());
  return send(
    system.endpoint,
    await signed(system.endpoint, system.environment, request, { signingDate }),
    agent,
  );
}

/** What is wrong with the answer; undefined: nothing. */
function problemOf({ status, text }: RawAnswer): string | undefined {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null) return `${status} ${text}`;
  if (status === 200) return undefined;
  const code: unknown = Reflect.get(answer, '__type');
  const message: unknown = Reflect.get(answer, 'message');
  if (status >= 500 || typeof code !== 'string' || typeof message !== 'string' || message === '')
    return `${status} ${text}`;
  // What a template string makes of a value that is missing or of another kind: it tells a client nothing.
  if (/\bundefined\b|\[object /.test(message)) return `${code} says nothing: ${message}`;
  return errors.has(code) || commonErrors.has(code) ? undefined : `${code} is no error of ECS: ${text}`;
}
