import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = (service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' },
    ],
  });

/** What `kubectl` printed, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An installation with a cluster `harbor` and a node group of it, and kubectl for it. */
export class PodCluster implements AsyncDisposable {
  readonly installation: Installation;
  /** BusyBox, on this machine's Engine. */
  readonly image: string;
  readonly #kubectl: string;
  #token = '';

  private constructor(installation: Installation, kubectl: string, image: string) {
    this.installation = installation;
    this.image = image;
    this.#kubectl = kubectl;
  }

  static async start(nodes: number): Promise<PodCluster> {
    return PodCluster.on(await Installation.start(), nodes);
  }

  /** @param installation Ends with it. */
  static async on(installation: Installation, nodes: number): Promise<PodCluster> {
    const [kubectl, image] = await Promise.all([fetchKubectl(), testImage()]);
    const cluster = new PodCluster(installation, kubectl, image);
    try {
      await cluster.#make(nodes);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws it fails. */
  async aws(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.installation.aws(...args);
    if (code !== 0) throw new Error(`aws ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }

  say(...args: readonly string[]): Promise<Said> {
    const env = { ...process.env, ...this.installation.environment, KUBECONFIG: this.#kubeconfig };
    return new Promise((resolve) => {
      execFile(
        this.#kubectl,
        ['--token', this.#token, ...args],
        { env, timeout: 60_000 },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }),
      );
    });
  }

  /** @throws it fails. */
  async k(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.say(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async apply(...items: readonly object[]): Promise<void> {
    const path = join(this.installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await this.k('apply', '-f', path);
  }

  /** One that runs a shell command. */
  container(command: string) {
    const { image } = this;
    return {
      ...{ name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['/bin/sh', '-c', command] },
      resources: { requests: { cpu: '10m', memory: '16Mi' } },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.installation[Symbol.asyncDispose]();
  }

  get #kubeconfig(): string {
    return join(this.installation.stateDirectory, 'kubeconfig');
  }

  async #make(nodes: number): Promise<void> {
    const { installation } = this;
    for (const [name, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const)
      await this.aws(
        ...['iam', 'create-role', '--role-name', name],
        ...['--assume-role-policy-document', trust(service)],
      );
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await this.aws(
        ...['iam', 'attach-role-policy', '--role-name', 'node'],
        ...['--policy-arn', `arn:aws:iam::aws:policy/${policy}`],
      );
    const asked = ['sts', 'get-caller-identity', '--query', 'Account', '--output', 'text'];
    const account = (await this.aws(...asked)).trim();
    const role = (name: string): string => `arn:aws:iam::${account}:role/${name}`;
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    await this.aws(
      ...['eks', 'create-cluster', '--name', 'harbor', '--role-arn', role('harbor')],
      ...['--resources-vpc-config', `subnetIds=${subnetIds.join(',')}`],
    );
    await this.aws('eks', 'wait', 'cluster-active', '--name', 'harbor');
    await this.aws('eks', 'update-kubeconfig', '--name', 'harbor', '--kubeconfig', this.#kubeconfig);
    this.#token = JSON.parse(await this.aws('eks', 'get-token', '--cluster-name', 'harbor')).status.token;
    await this.aws(
      ...['eks', 'create-nodegroup', '--cluster-name', 'harbor', '--nodegroup-name', 'blue'],
      ...['--node-role', role('node'), '--subnets', ...subnetIds, '--instance-types', 't3.small'],
      ...['--scaling-config', `minSize=${nodes},maxSize=${nodes},desiredSize=${nodes}`],
    );
    const eks = new EKS(installation.clientOptions());
    await waitFor('the node group', async () => {
      const { nodegroup } = await eks.describeNodegroup({ clusterName: 'harbor', nodegroupName: 'blue' });
      return nodegroup?.status === 'ACTIVE' ? true : undefined;
    });
    eks.destroy();
  }
}
