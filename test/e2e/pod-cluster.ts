import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { eksToken } from '../../src/eks-token.ts';
import { testImage, testImageName } from './image.ts';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';
import type { PrivateEngine } from './private-engine.ts';

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

  /** @param engine Default: the machine's. */
  static async start(nodes: number, engine?: PrivateEngine): Promise<PodCluster> {
    return PodCluster.on(
      await Installation.start(engine && { env: { DOCKER_HOST: engine.host } }),
      nodes,
      engine,
    );
  }

  /** @param installation Ends with it. */
  static async on(installation: Installation, nodes: number, engine?: PrivateEngine): Promise<PodCluster> {
    const [kubectl, image] = await Promise.all([
      fetchKubectl(),
      engine === undefined ? testImage() : testImageName,
    ]);
    await engine?.loadImage(image);
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
    const options = installation.clientOptions();
    const [iam, eks] = [new IAM(options), new EKS(options)];
    const roleOf = async (RoleName: string, service: string): Promise<string> => {
      const { Role } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: trust(service) });
      return Role?.Arn ?? '';
    };
    const [roleArn, nodeRole] = [await roleOf('harbor', 'eks'), await roleOf('node', 'ec2')];
    for (const policy of ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy'])
      await iam.attachRolePolicy({ RoleName: 'node', PolicyArn: `arn:aws:iam::aws:policy/${policy}` });
    const subnetIds = [await installation.subnetId('a'), await installation.subnetId('b')];
    await eks.createCluster({ name: 'harbor', roleArn, resourcesVpcConfig: { subnetIds } });
    const { endpoint, certificateAuthority } = await waitFor('the cluster', async () => {
      const { cluster } = await eks.describeCluster({ name: 'harbor' });
      return cluster?.status === 'ACTIVE' ? cluster : undefined;
    });
    const server = { server: endpoint, 'certificate-authority-data': certificateAuthority?.data };
    await writeFile(
      this.#kubeconfig,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'harbor' },
        clusters: [{ name: 'harbor', cluster: server }],
        contexts: [{ name: 'harbor', context: { cluster: 'harbor', user: 'harbor' } }],
        users: [{ name: 'harbor', user: {} }],
      }),
    );
    this.#token = await eksToken('harbor', options.region, options.credentials, Date.now());
    await eks.createNodegroup({
      ...{ clusterName: 'harbor', nodegroupName: 'blue', nodeRole, subnets: subnetIds },
      ...{
        instanceTypes: ['t3.small'],
        scalingConfig: { minSize: nodes, maxSize: nodes, desiredSize: nodes },
      },
    });
    await waitFor('the node group', async () => {
      const { nodegroup } = await eks.describeNodegroup({ clusterName: 'harbor', nodegroupName: 'blue' });
      return nodegroup?.status === 'ACTIVE' ? true : undefined;
    });
    iam.destroy();
    eks.destroy();
  }
}
