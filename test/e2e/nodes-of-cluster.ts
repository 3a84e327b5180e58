import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = (Service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  });

/** A cluster with a node group, as the AWS CLI makes them, and kubectl for it. */
export class NodesOfCluster implements AsyncDisposable {
  readonly installation: Installation;
  readonly image: string;
  readonly #kubectl: string;
  /** What `aws eks get-token` says, asked once: the CLI takes its time to start. */
  #token: readonly string[] = [];

  private constructor(installation: Installation, kubectl: string, image: string) {
    this.installation = installation;
    this.#kubectl = kubectl;
    this.image = image;
  }

  static async start(nodes: number): Promise<NodesOfCluster> {
    const [kubectl, installation, image] = await Promise.all([
      ...([fetchKubectl(), Installation.start(), testImage()] as const),
    ]);
    const cluster = new NodesOfCluster(installation, kubectl, image);
    try {
      await cluster.#make(nodes);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** @returns what kubectl printed. @throws it failed. */
  k(...args: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, ...this.installation.environment, KUBECONFIG: this.#kubeconfig };
      execFile(this.#kubectl, [...this.#token, ...args], { env, timeout: 60_000 }, (error, stdout) =>
        error === null ? resolve(stdout) : reject(error),
      );
    });
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const path = join(this.installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    await this.k('apply', '--validate=false', '-f', path);
  }

  /** A container of a pod that runs a shell command. */
  container(command: string): object {
    return {
      ...{
        name: 'main',
        image: this.image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/bin/sh', '-c', command],
      },
      resources: { requests: { cpu: '10m', memory: '16Mi' } },
    };
  }

  get #kubeconfig(): string {
    return join(this.installation.stateDirectory, 'kubeconfig');
  }

  async #aws(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.installation.aws(...args);
    if (code !== 0) throw new Error(`aws ${args.join(' ')}\n${stderr}`);
    return stdout;
  }

  async #make(nodes: number): Promise<void> {
    const { installation } = this;
    for (const [name, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const) {
      const document = trust(`${service}.amazonaws.com`);
      await this.#aws('iam', 'create-role', '--role-name', name, '--assume-role-policy-document', document);
    }
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await this.#aws(
        ...['iam', 'attach-role-policy', '--role-name', 'node'],
        ...['--policy-arn', `arn:aws:iam::aws:policy/${policy}`],
      );
    const account = await this.#aws('sts', 'get-caller-identity', '--query', 'Account', '--output', 'text');
    const role = (name: string): string => `arn:aws:iam::${account.trim()}:role/${name}`;
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    await this.#aws(
      ...['eks', 'create-cluster', '--name', 'harbor', '--role-arn', role('harbor')],
      ...['--resources-vpc-config', `subnetIds=${subnetIds.join(',')}`],
    );
    await this.#aws('eks', 'wait', 'cluster-active', '--name', 'harbor');
    await this.#aws('eks', 'update-kubeconfig', '--name', 'harbor', '--kubeconfig', this.#kubeconfig);
    const { status: said } = JSON.parse(await this.#aws('eks', 'get-token', '--cluster-name', 'harbor'));
    this.#token = ['--token', said.token];
    await this.#aws(
      ...['eks', 'create-nodegroup', '--cluster-name', 'harbor', '--nodegroup-name', 'blue'],
      ...['--node-role', role('node'), '--subnets', ...subnetIds, '--instance-types', 't3.small'],
      ...['--scaling-config', `minSize=${nodes},maxSize=${nodes},desiredSize=${nodes}`],
    );
    await waitFor('the node group', async () => {
      const eks = new EKS(installation.clientOptions());
      const named = { clusterName: 'harbor', nodegroupName: 'blue' };
      const { nodegroup } = await eks.describeNodegroup(named);
      return nodegroup?.status === 'ACTIVE' ? true : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.installation[Symbol.asyncDispose]();
  }
}
