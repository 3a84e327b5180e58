import { request } from 'node:https';
import { EC2 } from '@aws-sdk/client-ec2';
import { EKS } from '@aws-sdk/client-eks';
import { IAM } from '@aws-sdk/client-iam';
import { eksToken } from '../../src/eks-token.ts';
import type { MeasuredCatamaran } from '../catamaran.ts';

/** A cluster's API server, as one who may do everything there asks it. */
export interface BenchCluster {
  readonly port: number;
  /** PEM. */
  readonly authority: string;
  readonly token: string;
}

const pollMs = 5;

/** Makes EKS clusters in a Catamaran of the bench's own. */
export class Clusters implements Disposable {
  readonly #catamaran: MeasuredCatamaran;
  readonly #eks: EKS;
  /** ARNs. */
  readonly #roles: { readonly cluster: string; readonly node: string };
  readonly #subnetIds: string[];

  private constructor(
    catamaran: MeasuredCatamaran,
    eks: EKS,
    roles: { readonly cluster: string; readonly node: string },
    subnetIds: string[],
  ) {
    this.#catamaran = catamaran;
    this.#eks = eks;
    this.#roles = roles;
    this.#subnetIds = subnetIds;
  }

  static async open(catamaran: MeasuredCatamaran): Promise<Clusters> {
    const { port, credentials } = catamaran;
    const config = { endpoint: `http://127.0.0.1:${port}`, region: credentials.region, credentials };
    const [iam, ec2] = [new IAM(config), new EC2(config)];
    const make = async (RoleName: string, service: string, policies: readonly string[]): Promise<string> => {
      const { Role } = await iam.createRole({
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' },
          ],
        }),
      });
      for (const policy of policies)
        await iam.attachRolePolicy({ RoleName, PolicyArn: `arn:aws:iam::aws:policy/${policy}` });
      return Role?.Arn ?? '';
    };
    const roles = {
      cluster: await make('eks', 'eks', []),
      node: await make('node', 'ec2', ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy']),
    };
    const { Subnets = [] } = await ec2.describeSubnets();
    iam.destroy();
    ec2.destroy();
    const subnetIds = Subnets.map(({ SubnetId = '' }) => SubnetId);
    return new Clusters(catamaran, new EKS(config), roles, subnetIds);
  }

  /** From the call until it has answered a request for its namespaces. */
  async create(name: string): Promise<BenchCluster> {
    await this.#eks.createCluster({
      ...{ name, roleArn: this.#roles.cluster, resourcesVpcConfig: { subnetIds: this.#subnetIds } },
    });
    for (;;) {
      const { cluster } = await this.#eks.describeCluster({ name });
      if (cluster?.status === 'ACTIVE') {
        const made: BenchCluster = {
          port: Number(new URL(cluster.endpoint ?? '').port),
          authority: Buffer.from(cluster.certificateAuthority?.data ?? '', 'base64').toString(),
          token: await this.#token(name),
        };
        await untilNamespaces(made);
        return made;
      }
      if (cluster?.status !== 'CREATING') throw new Error(`The cluster ${name} is ${cluster?.status}`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** A node group; its nodes are Ready some time later. */
  async addNodes(clusterName: string, instanceType: string, count = 1): Promise<void> {
    await this.#eks.createNodegroup({
      ...{ clusterName, nodegroupName: 'bench', nodeRole: this.#roles.node, subnets: this.#subnetIds },
      ...{
        instanceTypes: [instanceType],
        scalingConfig: { minSize: count, maxSize: count, desiredSize: count },
      },
    });
  }

  /** Nodes that come from now on have prefixes for their pods, and so more of them. */
  async givePrefixes(clusterName: string): Promise<void> {
    const configurationValues = JSON.stringify({ env: { ENABLE_PREFIX_DELEGATION: 'true' } });
    await this.#eks.createAddon({ clusterName, addonName: 'vpc-cni', configurationValues });
  }

  #token(name: string): Promise<string> {
    const { credentials } = this.#catamaran;
    return eksToken(name, credentials.region, credentials, Date.now());
  }

  [Symbol.dispose](): void {
    this.#eks.destroy();
  }
}

/** A whole HTTP request, for a kept connection. */
export function requestBytes(
  { port, token }: BenchCluster,
  method: string,
  path: string,
  body?: object,
): Buffer {
  const text = body === undefined ? '' : JSON.stringify(body);
  const head = [
    ...[`${method} ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, `authorization: Bearer ${token}`],
    ...['accept: application/json', 'content-type: application/json'],
    `content-length: ${Buffer.byteLength(text)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`);
}

async function untilNamespaces(cluster: BenchCluster): Promise<void> {
  const { port, authority, token } = cluster;
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, ca: authority, path: '/api/v1/namespaces', agent: false },
        headers: { authorization: `Bearer ${token}` },
      },
      (response) => response.resume().once('end', () => resolve(response.statusCode)),
    );
    sent.once('error', reject);
    sent.end();
  });
  if (status !== 200) throw new Error(`The cluster's namespaces were answered with ${status}`);
}
