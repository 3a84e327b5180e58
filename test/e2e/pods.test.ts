import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = (Service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  });

/** Pods of real containers on a node group's nodes, with addresses of the VPC. */
describe('pods', () => {
  let installation: Installation;
  let kubectl: string;
  let image: string;
  let token: readonly string[] = [];
  let kubeconfig: string;

  const aws = async (...args: string[]): Promise<string> => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome.stdout;
  };
  const k = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, ...installation.environment, KUBECONFIG: kubeconfig };
      execFile(kubectl, [...token, ...args], { env, timeout: 60_000 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  const apply = async (...objects: readonly object[]): Promise<void> => {
    const path = join(installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await k('apply', '--validate=false', '-f', path);
  };
  const container = (command: string) => ({
    ...{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', command] },
    resources: { requests: { cpu: '10m', memory: '16Mi' } },
  });

  /** Runs a shell command in a pod of its own until it succeeds. @throws it failed; with what became of the pod. */
  async function inPod(name: string, command: string): Promise<void> {
    await apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
      spec: { restartPolicy: 'Never', automountServiceAccountToken: false, containers: [container(command)] },
    });
    const phase = await waitFor(`the pod ${name} to end`, async () => {
      const said = await k('get', 'pod', name, '-o', 'jsonpath={.status.phase}');
      return said === 'Succeeded' || said === 'Failed' ? said : undefined;
    });
    expect(phase, `${command}\n${await k('get', 'pod', name, '-o', 'yaml')}`).toBe('Succeeded');
    await k('delete', 'pod', name, '--wait=false');
  }

  beforeAll(async () => {
    [kubectl, installation, image] = await Promise.all([fetchKubectl(), Installation.start(), testImage()]);
    kubeconfig = join(installation.stateDirectory, 'kubeconfig');
    for (const [name, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const) {
      const document = trust(`${service}.amazonaws.com`);
      await aws('iam', 'create-role', '--role-name', name, '--assume-role-policy-document', document);
    }
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await aws(
        ...['iam', 'attach-role-policy', '--role-name', 'node'],
        ...['--policy-arn', `arn:aws:iam::aws:policy/${policy}`],
      );
    const account = await aws('sts', 'get-caller-identity', '--query', 'Account', '--output', 'text');
    const role = (name: string): string => `arn:aws:iam::${account.trim()}:role/${name}`;
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    await aws(
      ...['eks', 'create-cluster', '--name', 'harbor', '--role-arn', role('harbor')],
      ...['--resources-vpc-config', `subnetIds=${subnetIds.join(',')}`],
    );
    await aws('eks', 'wait', 'cluster-active', '--name', 'harbor');
    await aws('eks', 'update-kubeconfig', '--name', 'harbor', '--kubeconfig', kubeconfig);
    const { status: said } = JSON.parse(await aws('eks', 'get-token', '--cluster-name', 'harbor'));
    token = ['--token', said.token];
    await aws(
      ...['eks', 'create-nodegroup', '--cluster-name', 'harbor', '--nodegroup-name', 'blue'],
      ...['--node-role', role('node'), '--subnets', ...subnetIds, '--instance-types', 't3.small'],
      ...['--scaling-config', 'minSize=2,maxSize=2,desiredSize=2'],
    );
    await waitFor('the node group', async () => {
      const eks = new EKS(installation.clientOptions());
      const named = { clusterName: 'harbor', nodegroupName: 'blue' };
      const { nodegroup } = await eks.describeNodegroup(named);
      return nodegroup?.status === 'ACTIVE' ? true : undefined;
    });
  }, 300_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  }, 120_000);

  const app = { app: 'web' };
  const serve = 'mkdir /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www';
  const web = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
    spec: {
      ...{ replicas: 8, selector: { matchLabels: app } },
      template: {
        metadata: { labels: app },
        spec: {
          ...{ terminationGracePeriodSeconds: 0, automountServiceAccountToken: false },
          containers: [] as object[],
        },
      },
    },
  };
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' } },
    spec: { type: 'NodePort', selector: app, ports: [{ port: 80, targetPort: 8_080, nodePort: 30_080 }] },
  };
  const ready = () => k('rollout', 'status', 'deployment/web', '--timeout=60s');

  it('have addresses of the VPC, and are reached by their service’s name from each other', async () => {
    web.spec.template.spec.containers = [container(serve)];
    await apply(web, service);
    await ready();
    const addresses = await k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    // More than an interface of a t3.small has: some are of a second one.
    expect(new Set(addresses.split(' ')).size).toBe(8);
    const shown = await aws(
      ...['ec2', 'describe-network-interfaces', '--output', 'text'],
      ...['--query', 'NetworkInterfaces[].PrivateIpAddresses[].PrivateIpAddress'],
    );
    for (const address of addresses.split(' ')) expect(shown.split(/\s+/)).toContain(address);
    const clusterIp = await k('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    await inPod('by-service', Array(8).fill(`wget -q -O - http://${clusterIp}`).join(' && '));
    const name = 'web.default.svc.cluster.local';
    await inPod('by-name', `nslookup -type=a ${name} 10.100.0.10 | grep -q ${clusterIp}`);
    const nodes = await k('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[0].address}');
    const each = nodes.split(' ').map((address) => `wget -q -O - http://${address}:30080`);
    await inPod('by-node-port', each.join(' && '));
    await inPod(
      'by-address',
      addresses
        .split(' ')
        .map((each) => `wget -q -O - http://${each}:8080`)
        .join(' && '),
    );
  }, 240_000);

  it('reach their cluster’s API server', async () => {
    await inPod('api', 'nc -w 5 10.100.0.1 443 < /dev/null');
  }, 120_000);

  it('keep their addresses over a death of Catamaran, and give them back', async () => {
    const places = () => k('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.podIP}');
    const before = await places();
    await installation.catamaran('down');
    await installation.up();
    await ready();
    expect(await places()).toBe(before);
    await inPod('again', `nslookup -type=a web.default.svc.cluster.local 10.100.0.10`);
    await k('scale', 'deployment/web', '--replicas=0');
    await waitFor('no pods', async () => ((await places()) === '' ? true : undefined));
  }, 240_000);
});
