import { EC2 } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { HttpRequest } from '@smithy/types';
import { hex, seededRandom, VirtualClock } from '../../../clock/index.ts';
import { createGateway } from '../../../gateway/index.ts';
import { rootOnly } from '../../../gateway/testing/root-only.ts';
import { signerOf } from '../../../gateway/testing/signing.ts';
import { silentLog } from '../../../log.ts';
import { openState, type Reconcilers, type State, startReconcilers } from '../../../reconcile/index.ts';
import { createSealer, sealingKeyBytes } from '../../../sealing/index.ts';
import { openMemoryStore } from '../../../store/index.ts';
import { createEc2, defaultVpc, registerInstance } from '../../ec2/index.ts';
import { createElb, type ElbContext, loadElbReconcilers } from '../index.ts';

export const scope = { accountId: '111122223333', region: 'eu-west-1' };

/** As users meet it: the official SDKs over HTTP, with a default VPC, on a clock that the test moves. */
export interface ElbServer extends AsyncDisposable {
  readonly elb: ElasticLoadBalancingV2;
  readonly ec2: EC2;
  readonly context: ElbContext;
  readonly state: State;
  readonly clock: VirtualClock;
  readonly reconcilers: Reconcilers;
  readonly vpcId: string;
  /** The default VPC's, in the order of their zones. */
  readonly subnetIds: readonly string[];
  /** Accounts that have the service-linked role. */
  readonly linkedRoles: ReadonlySet<string>;
  /** What was written for logs, by bucket and key; `denied` takes nothing. */
  readonly logObjects: ReadonlyMap<string, string>;
  /** ARNs of the certificates that there are. */
  readonly certificates: Set<string>;
  /** An instance on this machine in the first zone, or as said. @returns its id. */
  instance(facts?: Partial<Parameters<typeof registerInstance>[4]>): Promise<string>;
  /** A load balancer in the first two subnets, and a target group of its VPC. @returns their ARNs. */
  loadBalancer(Name: string, more?: object): Promise<string>;
  targetGroup(Name: string, more?: object): Promise<string>;
  /** An HTTP listener on port 80 that forwards. @returns its ARN. */
  listener(LoadBalancerArn: string, TargetGroupArn: string, more?: object): Promise<string>;
}

export async function startElb(): Promise<ElbServer> {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock(Date.now());
  const random = seededRandom('elb');
  const store = stack.adopt(openMemoryStore({ clock }), (it) => it.close());
  const state = stack.adopt(await openState(store, { clock }), (it) => it.close());
  const sealer = createSealer(random.bytes(sealingKeyBytes), random);
  const certificates = new Set<string>();
  const linkedRoles = new Set<string>();
  const logObjects = new Map<string, string>();
  const publicCidr = '198.18.0.0/24';
  const ec2Room = createEc2({ state, clock, random, publicCidr });
  await ec2Room.ensureDefaultVpc(scope);
  const context: ElbContext = {
    ...{ state, clock, random, publicCidr, sealer },
    writeLogObject: (bucket, key, content) => {
      if (bucket === 'denied') throw new Error('It is somebody else’s');
      logObjects.set(`${bucket}/${key}`, content);
    },
    ensureServiceLinkedRole: async (accountId) => void linkedRoles.add(accountId),
    hasCertificate: (_reader, _scope, arn) => certificates.has(arn),
  };
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const gateway = createGateway({
    services: [createElb(context), ec2Room.service],
    ...{ clock, random, log: silentLog },
    ...rootOnly(scope.accountId, credentials),
  });
  stack.adopt(gateway, (it) => it.close());
  const { port } = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const reconcilers = stack.use(
    startReconcilers({
      ...{ state, store, clock, random, log: silentLog },
      reconcilers: await loadElbReconcilers(context),
    }),
  );
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region: scope.region,
    credentials,
    maxAttempts: 1,
  };
  const signature = signerOf('elasticloadbalancing', credentials, scope.region);
  // Signed with the test's time, which is the server's.
  const signer = {
    sign: (request: HttpRequest) => signature.sign(request, { signingDate: new Date(clock.now()) }),
  };
  const elb = stack.adopt(new ElasticLoadBalancingV2({ ...settings, signer }), (it) => it.destroy());
  const ec2 = stack.adopt(new EC2(settings), (it) => it.destroy());
  const vpc = defaultVpc(state, scope);
  const subnetIds = vpc?.subnets.map(({ subnetId }) => subnetId) ?? [];
  const vpcId = vpc?.vpcId ?? '';
  return {
    ...{
      elb,
      ec2,
      context,
      state,
      clock,
      reconcilers,
      vpcId,
      subnetIds,
      certificates,
      linkedRoles,
      logObjects,
    },
    instance: (facts = {}) =>
      state.transact((tx) => {
        const ports = { ownTcpPorts: [22], ownUdpPorts: [4789] };
        const here = { address: '127.0.0.1', availabilityZone: 'eu-west-1a', ...ports };
        const id = `i-${hex(random, 17)}`;
        registerInstance(tx, random, scope, id, { ...here, ...facts }, clock.now());
        return id;
      }),
    loadBalancer: async (Name, more = {}) => {
      const made = await elb.createLoadBalancer({ Name, Subnets: subnetIds.slice(0, 2), ...more });
      return made.LoadBalancers?.[0]?.LoadBalancerArn ?? '';
    },
    targetGroup: async (Name, more = {}) => {
      const made = await elb.createTargetGroup({
        ...{ Name, Protocol: 'HTTP', Port: 80, VpcId: vpcId, TargetType: 'ip' },
        ...more,
      });
      return made.TargetGroups?.[0]?.TargetGroupArn ?? '';
    },
    listener: async (LoadBalancerArn, TargetGroupArn, more = {}) => {
      const made = await elb.createListener({
        ...{ LoadBalancerArn, Protocol: 'HTTP', Port: 80 },
        DefaultActions: [{ Type: 'forward', TargetGroupArn }],
        ...more,
      });
      return made.Listeners?.[0]?.ListenerArn ?? '';
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
