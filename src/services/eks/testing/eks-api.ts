import { EKS } from '@aws-sdk/client-eks';
import { clusterRoles } from '../../../composition/cluster-roles.ts';
import { infrastructureOf } from '../../../kubernetes/testing/infrastructure.ts';
import { createEc2, defaultVpc } from '../../ec2/index.ts';
import { whyNotPermitted, whyNotResourcePolicy } from '../../iam/index.ts';
import { accountId, type IamServer, type Key, startIamServer } from '../../iam/testing/iam-server.ts';
import type { Infrastructure } from '../../infrastructure.ts';
import { createKms, grantDataKey, type KmsContext } from '../../kms/index.ts';
import { addons } from '../addons/record.ts';
import { clusterKey, clusters, createEks, type EksContext, finishUpdate, forgetCluster } from '../index.ts';
import { addonFunctions } from '../reconcilers/addons.ts';
import { clusterInsights } from '../reconcilers/insights.ts';

export const scope = { accountId, region: 'eu-west-1' };
const publicCidr = '198.18.0.0/24';
export const role = (name: string): string => `arn:aws:iam::${accountId}:role/${name}`;

/** EKS's API over IAM's, over HTTP. Control planes are as the test says: those of all clusters answer, to begin with. */
export interface EksApi extends AsyncDisposable {
  readonly eks: EKS;
  readonly server: IamServer;
  readonly subnetIds: string[];
  /** What there is of EC2. */
  readonly ask: Infrastructure;
  as(key: Key): EKS;
  /** Makes a cluster with the role `eks`. */
  cluster(name: string, more?: object): Promise<void>;
  /** As when its control plane has followed an update. */
  finish(name: string): Promise<void>;
  /** As when its control plane has been taken down. */
  end(name: string): Promise<void>;
  /** As when the add-ons have been followed. */
  followAddons(): Promise<void>;
  /** As when it has been looked into, if that is due. */
  lookInto(name: string): Promise<void>;
  /** Whether control planes answer. */
  answers: boolean;
}

export async function startEksApi(): Promise<EksApi> {
  const stack = new AsyncDisposableStack();
  let answers = true;
  let eksContext: EksContext | undefined;
  const server = stack.use(
    await startIamServer({
      services: (iam, given) => {
        const { state, clock, random } = given;
        const kms: KmsContext = {
          ...{ ...given, whyNotPolicy: whyNotResourcePolicy },
          whyNotPermitted: (asked) => whyNotPermitted(state, asked),
        };
        eksContext = {
          ...{ state, clock, random, publicCidr, machineArchitecture: () => 'x86_64' },
          otherMachines: () => [],
          grantDataKey: grantDataKey.bind(undefined, kms),
          // Clusters are made here with a role that nobody made.
          whyNotAssumed: (of, asked) =>
            asked.service === 'eks.amazonaws.com' ? undefined : clusterRoles(iam)(of, asked),
          controlPlaneOf: () =>
            answers ? { endpoint: 'https://127.0.0.1:6443', certificateAuthority: 'PEM' } : undefined,
        };
        return [createEks(eksContext), createKms(kms)];
      },
    }),
  );
  const { state, clock, context } = server;
  const ec2 = createEc2({ state, clock, random: context.random, publicCidr });
  await ec2.ensureDefaultVpc(scope);
  const as = (credentials: Key): EKS => {
    const { endpoint } = server;
    const eks = new EKS({ endpoint, region: scope.region, credentials, maxAttempts: 1 });
    stack.defer(() => eks.destroy());
    return eks;
  };
  const eks = as(server.rootKey);
  const subnetIds = (defaultVpc(state, scope)?.subnets ?? []).map(({ subnetId }) => subnetId);
  return {
    ...{ eks, server, subnetIds, as, ask: infrastructureOf(() => [ec2.service], clock)({ scope }) },
    cluster: async (name, more = {}) => {
      await eks.createCluster({ name, roleArn: role('eks'), resourcesVpcConfig: { subnetIds }, ...more });
    },
    finish: (name) =>
      state.transact((tx) => {
        const key = clusterKey(scope, name);
        finishUpdate(tx, key, tx.get(clusters, key)?.updateId ?? '');
      }),
    end: (name) =>
      state.transact((tx) => {
        const key = clusterKey(scope, name);
        forgetCluster(tx, key, tx.get(clusters, key)?.id ?? '');
      }),
    followAddons: async () => {
      if (eksContext === undefined) throw new Error('The services were not made');
      const { reconcile } = addonFunctions(eksContext);
      const { signal } = new AbortController();
      for (const { key } of [...state.list(addons)]) await reconcile(key, signal);
    },
    lookInto: async (name) => {
      if (eksContext === undefined) throw new Error('The services were not made');
      await clusterInsights(eksContext).reconcile(clusterKey(scope, name), new AbortController().signal);
    },
    get answers() {
      return answers;
    },
    set answers(value: boolean) {
      answers = value;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
