import type { ECS } from '@aws-sdk/client-ecs';
import { ServiceDiscovery } from '@aws-sdk/client-servicediscovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inContainer, testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** Writes who answered each of its requests, a line for each. (wget can't read an answer under gVisor.) */
const asking =
  "while true; do printf 'GET / HTTP/1.0\\r\\nHost: api\\r\\n\\r\\n' | nc -w 20 api 80 > /answer; " +
  "if head -n 1 /answer | grep -q ' 200 '; then tail -n 1 /answer; else echo FAILED; fi >> /answers; usleep 20000; done";
/** Says its name. */
const answering = 'mkdir /www; hostname > /www/index.html; exec httpd -f -p 8080 -h /www';

/** Two clients, one of them on Fargate (under gVisor where that works), ask a service that is scaled and rolled. */
describe('Service Connect', () => {
  let installation: Installation;
  let ecs: ECS;
  let clients: readonly string[];

  beforeAll(async () => {
    const image = await testImage();
    installation = await Installation.start();
    ecs = installation.ecs();
    const app = { name: 'app', image, stopTimeout: 2 };
    await ecs.registerTaskDefinition({
      ...{ family: 'api', networkMode: 'awsvpc' },
      containerDefinitions: [
        {
          ...app,
          memory: 32,
          command: ['sh', '-c', answering],
          portMappings: [{ name: 'http', containerPort: 8080, appProtocol: 'http' }],
        },
      ],
    });
    await ecs.registerTaskDefinition({
      ...{ family: 'client', networkMode: 'awsvpc', cpu: '256', memory: '512' },
      requiresCompatibilities: ['EC2', 'FARGATE'],
      containerDefinitions: [{ ...app, command: ['sh', '-c', asking] }],
    });
    await ecs.updateCluster({ cluster: 'default', serviceConnectDefaults: { namespace: 'harbor' } });
    const subnets = [await installation.subnetId()];
    const network = { networkConfiguration: { awsvpcConfiguration: { subnets } } };
    await ecs.createService({
      ...{ serviceName: 'api', taskDefinition: 'api', desiredCount: 1, ...network },
      serviceConnectConfiguration: {
        enabled: true,
        services: [{ portName: 'http', clientAliases: [{ port: 80, dnsName: 'api' }] }],
      },
    });
    await running('api', 1);
    for (const launchType of ['EC2', 'FARGATE'] as const)
      await ecs.createService({
        ...{ serviceName: `client-${launchType}`, taskDefinition: 'client', desiredCount: 1, ...network },
        ...{ launchType, serviceConnectConfiguration: { enabled: true } },
      });
    clients = await Promise.all([running('client-EC2', 1), running('client-FARGATE', 1)]).then((all) =>
      all.flat(),
    );
  }, 300_000);
  afterAll(async () => {
    ecs?.destroy();
    await installation?.[Symbol.asyncDispose]();
  });

  /** The ARNs of a service's tasks when so many are RUNNING, and no others are left. */
  const running = (service: string, count: number): Promise<readonly string[]> =>
    waitFor(
      `${count} tasks of ${service} to run`,
      async () => {
        const { taskArns = [] } = await ecs.listTasks({ serviceName: service });
        if (taskArns.length !== count) return undefined;
        const { tasks = [] } = await ecs.describeTasks({ tasks: taskArns });
        return tasks.every(({ lastStatus }) => lastStatus === 'RUNNING') ? taskArns : undefined;
      },
      () => installation.output,
    );
  const namesOf = async (service: string): Promise<readonly string[]> => {
    const { taskArns = [] } = await ecs.listTasks({ serviceName: service });
    const { tasks = [] } = await ecs.describeTasks({ tasks: taskArns });
    return tasks.map(
      ({ containers }) =>
        `ip-${containers?.[0]?.networkInterfaces?.[0]?.privateIpv4Address?.replaceAll('.', '-')}`,
    );
  };
  const answers = async (client: string): Promise<readonly string[]> =>
    (await inContainer(installation.stateDirectory, client, 'touch /answers; cat /answers'))
      .trim()
      .split('\n');
  /** Each client has lately been answered by exactly the tasks that there are. */
  const answeredByAll = async (service: string): Promise<void> => {
    const names = await namesOf(service);
    for (const client of clients)
      await waitFor(`${client} to be answered by ${names.join(', ')}`, async () => {
        const lately = (await answers(client)).slice(-12).map((name) => name.split('.')[0] ?? '');
        const seen = new Set(lately);
        return seen.size === names.length && names.every((name) => seen.has(name)) ? true : undefined;
      });
  };

  /** Of all requests so far. What is seen when it fails: before and after whose answers they were. */
  const nothingFailed = async (): Promise<void> => {
    for (const client of clients) {
      const all = await answers(client);
      const failed = all.flatMap((name, index) =>
        name === 'FAILED' ? [`${index} of ${all.length}, after ${all[index - 1]}`] : [],
      );
      expect(failed).toEqual([]);
    }
  };

  it('leads to the tasks that there are, without a request that fails', async () => {
    await answeredByAll('api');
    await ecs.updateService({ service: 'api', desiredCount: 3 });
    await running('api', 3);
    await answeredByAll('api');
    await ecs.updateService({ service: 'api', forceNewDeployment: true });
    await waitFor('the new deployment to be the only one', async () => {
      const { services: [service] = [] } = await ecs.describeServices({ services: ['api'] });
      return service?.deployments?.length === 1 && service.runningCount === 3 ? true : undefined;
    });
    await answeredByAll('api');
    await ecs.updateService({ service: 'api', desiredCount: 1 });
    await running('api', 1);
    await answeredByAll('api');
    await nothingFailed();
  }, 400_000);

  it('goes on while Catamaran is down, and knows what has changed when it is back', async () => {
    await installation.kill9();
    for (const client of clients) {
      const before = (await answers(client)).length;
      await waitFor('more answers', async () =>
        (await answers(client)).length > before + 5 ? true : undefined,
      );
    }
    await installation.up();
    ecs.destroy();
    ecs = installation.ecs();
    await ecs.updateService({ service: 'api', desiredCount: 2 });
    await running('api', 2);
    await answeredByAll('api');
    await nothingFailed();
  }, 300_000);

  it('is seen where AWS shows it', async () => {
    const { tasks: [task] = [] } = await ecs.describeTasks({ tasks: [clients[0] ?? ''] });
    expect(task?.containers?.map(({ name, lastStatus }) => `${name} ${lastStatus}`).sort()).toEqual([
      'app RUNNING',
      expect.stringMatching(/^ecs-service-connect-[a-z0-9]{5} RUNNING$/),
    ]);
    const cloudMap = new ServiceDiscovery({ ...installation.clientOptions(), disableHostPrefix: true });
    const { Instances = [] } = await cloudMap.discoverInstances({
      NamespaceName: 'harbor',
      ServiceName: 'http',
    });
    expect(Instances.map(({ HealthStatus }) => HealthStatus)).toEqual(['HEALTHY', 'HEALTHY']);
    const { serviceArns } = await ecs.listServicesByNamespace({ namespace: 'harbor' });
    expect(serviceArns?.length).toBe(3);
    cloudMap.destroy();
  });
});
