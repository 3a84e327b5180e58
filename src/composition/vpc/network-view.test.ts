import { describe, expect, it } from 'vitest';
import type { InterfaceTopology, VpcTopology } from '../../topology/index.ts';
import { describeVpcs, explainPath, type NetworkFacts } from './network-view.ts';

const eni = (id: string, address: string, publicIpv4?: string): InterfaceTopology => ({
  ...{ id, subnetId: 'subnet-1', macAddress: '02:00:00:00:00:01', addresses: [address], prefixes: [] },
  ...{ securityGroupIds: ['sg-1'], checksSourceAndDestination: true },
  publicAddresses: publicIpv4 === undefined ? [] : [{ privateIpv4: address, publicIpv4 }],
});

const vpc = (id: string, interfaces: readonly InterfaceTopology[]): VpcTopology => ({
  ...{ id, number: 1, cidrs: ['10.0.0.0/16'], hasResolver: true, hasInternetGateway: true, interfaces },
  subnets: [{ id: 'subnet-1', cidr: '10.0.1.0/24', routeTableId: 'rtb-1' }],
  routeTables: [
    {
      id: 'rtb-1',
      routes: [
        { destination: '10.0.0.0/16', target: { type: 'local' } },
        { destination: '0.0.0.0/0', target: { type: 'internet-gateway' } },
      ],
    },
  ],
  securityGroups: [
    {
      id: 'sg-1',
      ingress: [
        {
          ...{ id: 'sgr-1', peer: { type: 'cidrs', cidrs: ['0.0.0.0/0'] } },
          traffic: { protocol: 'tcp', fromPort: 80, toPort: 80 },
        },
      ],
      egress: [{ id: 'sgr-2', peer: { type: 'cidrs', cidrs: ['0.0.0.0/0'] }, traffic: { protocol: 'all' } }],
    },
  ],
  natGateways: [],
});

const taskArn = 'arn:aws:ecs:us-east-1:111122223333:task/default/0123456789abcdef0123456789abcdef';

function facts(...topologies: readonly VpcTopology[]): NetworkFacts {
  return {
    vpcs: topologies.map((topology) => ({
      ...{ accountId: '111122223333', region: 'us-east-1', isDefault: false, topology },
      subnets: new Map([['subnet-1', { availabilityZone: 'us-east-1a', freeAddresses: 249 }]]),
      descriptions: new Map([['eni-1', 'mine']]),
    })),
    owners: new Map([['eni-1', taskArn]]),
    attached: new Set(['eni-1']),
    otherMachines: new Map(),
    policies: () => [],
  };
}

const one = vpc('vpc-1', [eni('eni-1', '10.0.1.4', '198.18.0.1'), eni('eni-2', '10.0.1.5')]);
const ask = (from: string, to: string, port = 80) => ({ from, to, protocol: 'tcp', port });

describe('the network as an operator sees it', () => {
  it('shows who is on it', () => {
    expect(describeVpcs(facts(one))).toMatchObject([
      {
        vpcId: 'vpc-1',
        hasInternetGateway: true,
        subnets: [
          { subnetId: 'subnet-1', isPublic: true, freeAddresses: 249, availabilityZone: 'us-east-1a' },
        ],
        interfaces: [
          { interfaceId: 'eni-1', owner: taskArn, isAttached: true, publicAddresses: ['198.18.0.1'] },
          { interfaceId: 'eni-2', isAttached: false, description: '' },
        ],
      },
    ]);
  });

  it.each([
    ['an interface’s id', 'eni-1'],
    ['its address', '10.0.1.4'],
    ['its task’s ARN', taskArn],
    ['its task’s id', taskArn.slice(-32)],
  ])('finds whom it is asked about by %s', (_, from) => {
    const answer = explainPath(facts(one), ask(from, '10.0.1.5'));
    expect(answer).toMatchObject({ vpcId: 'vpc-1', passes: true, to: '10.0.1.5' });
    expect(answer.steps.every(({ sentence }) => sentence.length > 10)).toBe(true);
    expect(explainPath(facts(one), ask(from, '10.0.1.5', 81))).toMatchObject({ passes: false });
  });

  it('says what network policies say before and after', () => {
    const asked: object[] = [];
    const policies: NetworkFacts['policies'] = (vpcId, question) => {
      asked.push({ vpcId, ...question });
      return [
        { direction: 'ingress', passes: false, sentence: 'No rule allows this ingress.' },
        { direction: 'egress', passes: true, sentence: 'The NetworkPolicy a/b allows this egress.' },
      ];
    };
    const { passes, steps } = explainPath({ ...facts(one), policies }, ask('eni-1', '10.0.1.5'));
    expect(asked).toEqual([{ vpcId: 'vpc-1', from: '10.0.1.4', to: '10.0.1.5', protocol: 'tcp', port: 80 }]);
    expect(passes).toBe(false);
    const stages = steps.map(({ stage }) => stage);
    expect([stages.at(0), stages.at(-1)]).toEqual(['network-policy-egress', 'network-policy-ingress']);
  });

  it('asks from outside by a public address', () => {
    expect(explainPath(facts(one), ask('203.0.113.9', '198.18.0.1'))).toMatchObject({ passes: true });
    expect(explainPath(facts(one), ask('203.0.113.9', 'eni-2'))).toMatchObject({ passes: false });
  });

  it('says what it can’t know', () => {
    const twin = vpc('vpc-2', [eni('eni-3', '10.0.1.4'), eni('eni-4', '10.0.1.5')]);
    expect(() => explainPath(facts(one), ask('task', '10.0.1.4'))).toThrow(/There is no task task/);
    expect(() => explainPath(facts(one), ask('203.0.113.9', '203.0.113.10'))).toThrow(/Neither/);
    expect(() => explainPath(facts(one, twin), ask('10.0.1.4', '10.0.1.5'))).toThrow(/vpc-1 and in vpc-2/);
    expect(explainPath(facts(one, twin), ask('10.0.1.4', 'eni-4')).vpcId).toBe('vpc-2');
    expect(() => explainPath(facts(one), { ...ask('eni-1', 'eni-2'), port: 70_000 })).toThrow(
      /from 0 to 65535/,
    );
  });
});
