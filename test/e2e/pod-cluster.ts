import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { eksToken } from '../../src/eks-token.ts';
import { testImage, testImageName } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchHelm, fetchKubectl } from './kubectl.ts';
import type { PrivateEngine } from './private-engine.ts';

const trust = (service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` } },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ],
  });

/** What a client printed, and how it ended. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** What a cluster and its nodes are like. */
export interface NodesAsked {
  readonly instanceType?: string;
  /** Of the cluster. */
  readonly version?: string;
  /** Default: the machine's. */
  readonly engine?: PrivateEngine;
}

/** An installation with a cluster `harbor` and a node group `blue` of it (none of 0 nodes), and kubectl for it. */
export class PodCluster implements AsyncDisposable {
  readonly installation: Installation;
  /** BusyBox, on this machine's Engine. */
  readonly image: string;
  readonly eks: EKS;
  readonly iam: IAM;
  readonly #kubectl: string;
  #access: { readonly server: string; readonly ca: Buffer } = { server: '', ca: Buffer.alloc(0) };
  #token: { readonly text: string; readonly signedAt: number } | undefined;

  private constructor(installation: Installation, kubectl: string, image: string) {
    this.installation = installation;
    this.image = image;
    this.#kubectl = kubectl;
    this.eks = new EKS(installation.clientOptions());
    this.iam = new IAM(installation.clientOptions());
  }

  static async start(nodes: number, asked: NodesAsked = {}): Promise<PodCluster> {
    const { engine } = asked;
    const installation = await Installation.start(engine && { env: { DOCKER_HOST: engine.host } });
    return PodCluster.on(installation, nodes, asked);
  }

  /** @param installation Ends with it. */
  static async on(installation: Installation, nodes: number, asked: NodesAsked = {}): Promise<PodCluster> {
    const { engine } = asked;
    const [kubectl, image] = await Promise.all([
      fetchKubectl(),
      engine === undefined ? testImage() : testImageName,
    ]);
    await engine?.loadImage(image);
    const cluster = new PodCluster(installation, kubectl, image);
    try {
      await cluster.#make(nodes, asked);
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  async say(...args: readonly string[]): Promise<Said> {
    return this.#run(this.#kubectl, ['--token', await this.#freshToken(), ...args]);
  }

  async sayHelm(...args: readonly string[]): Promise<Said> {
    return this.#run(await fetchHelm(), ['--kube-token', await this.#freshToken(), ...args]);
  }

  /** @throws it fails. */
  async k(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.say(...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Begins a command of kubectl that goes on. @param how At a terminal, or without one. */
  async begin(how: 'piped' | 'terminal', ...args: readonly string[]) {
    const words = [this.#kubectl, '--token', await this.#freshToken(), ...args];
    const env = { ...process.env, ...this.installation.environment, KUBECONFIG: this.#kubeconfig };
    const [file = '', ...rest] =
      how === 'piped' ? words : ['script', '-qec', words.map(quoted).join(' '), '/dev/null'];
    const child = spawn(file, rest, { env, stdio: 'pipe' });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk;
      });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const until = (text: string | RegExp) =>
      waitFor(
        String(text),
        async () => (said.match(text) ? true : undefined),
        () => said,
      );
    return { child, ended, until, said: () => said };
  }

  async apply(...items: readonly object[]): Promise<void> {
    const path = join(this.installation.stateDirectory, 'objects.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    await this.k('apply', '-f', path);
  }

  /** The API server's answer, asked without a program that takes its time to start. */
  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { server, ca } = this.#access;
    const headers = { authorization: `Bearer ${await this.#freshToken()}` };
    return new Promise((resolve, reject) => {
      const request = httpsRequest(new URL(path, server), { ca, headers, timeout: 60_000 }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
        );
      });
      request.on('timeout', () => request.destroy(new Error(`no answer to ${path} within 60 s`)));
      request.on('error', reject);
      request.end();
    });
  }

  /** `status.phase` of a pod in the namespace `default`. @throws there is no such pod. */
  async phaseOf(pod: string): Promise<string | undefined> {
    const { status, text } = await this.get(`/api/v1/namespaces/default/pods/${pod}`);
    if (status !== 200) throw new Error(`The pod ${pod} cannot be read: ${status} ${text}`);
    return (JSON.parse(text) as { status?: { phase?: string } }).status?.phase;
  }

  /** Lets the cluster make load balancers for Ingresses. */
  async mayBalance(): Promise<void> {
    for (const policy of ['AmazonEKSClusterPolicy', 'AmazonEKSLoadBalancingPolicy'])
      await this.iam.attachRolePolicy({ RoleName: 'harbor', PolicyArn: `arn:aws:iam::aws:policy/${policy}` });
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
    this.eks.destroy();
    this.iam.destroy();
    return this.installation[Symbol.asyncDispose]();
  }

  #run(program: string, args: readonly string[]): Promise<Said> {
    const env = { ...process.env, ...this.installation.environment, KUBECONFIG: this.#kubeconfig };
    return new Promise((resolve) => {
      execFile(program, args, { env, timeout: 110_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : 1, stdout, stderr }),
      );
    });
  }

  /** One is good for a quarter of an hour, and a test's file may take longer. */
  async #freshToken(): Promise<string> {
    const now = Date.now();
    if (this.#token === undefined || now - this.#token.signedAt > 300_000) {
      const { region, credentials } = this.installation.clientOptions();
      this.#token = { text: await eksToken('harbor', region, credentials, now), signedAt: now };
    }
    return this.#token.text;
  }

  get #kubeconfig(): string {
    return join(this.installation.stateDirectory, 'kubeconfig');
  }

  /** By the SDK: the AWS CLI takes its time to start. */
  async #make(nodes: number, { instanceType = 't3.small', version }: NodesAsked): Promise<void> {
    const { installation, eks, iam } = this;
    for (const [RoleName, service] of [
      ['harbor', 'eks'],
      ['node', 'ec2'],
    ] as const)
      await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(service) });
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await iam.attachRolePolicy({ RoleName: 'node', PolicyArn: `arn:aws:iam::aws:policy/${policy}` });
    const arnOf = async (RoleName: string) => (await iam.getRole({ RoleName })).Role?.Arn ?? '';
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    const roleArn = await arnOf('harbor');
    await eks.createCluster({
      ...{ name: 'harbor', roleArn, resourcesVpcConfig: { subnetIds } },
      ...(version !== undefined && { version }),
    });
    const cluster = await waitFor('the cluster', async () => {
      const { cluster } = await eks.describeCluster({ name: 'harbor' });
      return cluster?.status === 'ACTIVE' ? cluster : undefined;
    });
    const authority = cluster.certificateAuthority?.data ?? '';
    this.#access = { server: cluster.endpoint ?? '', ca: Buffer.from(authority, 'base64') };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'harbor', users: [] },
      contexts: [{ name: 'harbor', context: { cluster: 'harbor', user: '' } }],
      clusters: [
        { name: 'harbor', cluster: { server: cluster.endpoint, 'certificate-authority-data': authority } },
      ],
    };
    await writeFile(this.#kubeconfig, JSON.stringify(config), { mode: 0o600 });
    if (nodes === 0) return;
    await eks.createNodegroup({
      ...{ clusterName: 'harbor', nodegroupName: 'blue', nodeRole: await arnOf('node'), subnets: subnetIds },
      instanceTypes: [instanceType],
      scalingConfig: { minSize: nodes, maxSize: nodes, desiredSize: nodes },
    });
    await waitFor('the node group', async () => {
      const { nodegroup } = await eks.describeNodegroup({ clusterName: 'harbor', nodegroupName: 'blue' });
      return nodegroup?.status === 'ACTIVE' ? true : undefined;
    });
  }
}
