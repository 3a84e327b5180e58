import type { EC2 } from '@aws-sdk/client-ec2';
import { expect, it } from 'vitest';
import { nodeInterfaces } from './node-interfaces.ts';

const never = new AbortController().signal;
const node = { instanceId: 'i-0a', clusterName: 'harbor' };

/** EC2 as far as a node asks it: what was asked is kept, with the part of it that tells one call from another. */
function scripted(answers: Readonly<Record<string, unknown>>) {
  const asked: [string, unknown][] = [];
  const ec2 = new Proxy({} as EC2, {
    get: (_, operation: string) => async (input: unknown) => {
      asked.push([operation, input]);
      const answer = answers[operation];
      if (answer instanceof Error) throw answer;
      return answer ?? {};
    },
  });
  return { asked, ec2 };
}

const primary = {
  ...{ NetworkInterfaceId: 'eni-0', MacAddress: '02:00:00:00:00:01', SubnetId: 'subnet-1' },
  ...{ Groups: [{ GroupId: 'sg-1' }], PrivateIpAddress: '10.0.0.4', Attachment: { DeviceIndex: 0 } },
  PrivateIpAddresses: [
    { PrivateIpAddress: '10.0.0.4', Primary: true },
    { PrivateIpAddress: '10.0.0.5', Primary: false },
  ],
  Ipv4Prefixes: [{ Ipv4Prefix: '10.0.0.16/28' }],
};

it('sees a node’s interfaces in the order of their devices', async () => {
  const further = { ...primary, NetworkInterfaceId: 'eni-1', Attachment: { DeviceIndex: 1 } };
  const { ec2, asked } = scripted({ describeNetworkInterfaces: { NetworkInterfaces: [further, primary] } });
  const list = await nodeInterfaces(ec2, node).list(never);
  expect(list.map(({ id }) => id)).toEqual(['eni-0', 'eni-1']);
  expect(list[0]).toEqual({
    ...{ id: 'eni-0', deviceIndex: 0, macAddress: '02:00:00:00:00:01', subnetId: 'subnet-1' },
    ...{ securityGroupIds: ['sg-1'], primaryAddress: '10.0.0.4', secondaryAddresses: ['10.0.0.5'] },
    prefixes: ['10.0.0.16/28'],
  });
  expect(asked.at(-1)).toMatchObject([
    'describeNetworkInterfaces',
    { Filters: [{ Name: 'attachment.instance-id', Values: ['i-0a'] }] },
  ]);
});

it('once sees to what was left half made: unattached, or attached and not to go with the node', async () => {
  const attached = { AttachmentId: 'eni-attach-2', DeviceIndex: 1, DeleteOnTermination: false };
  const left = [
    { NetworkInterfaceId: 'eni-1' },
    { NetworkInterfaceId: 'eni-2', Attachment: attached },
    { NetworkInterfaceId: 'eni-3', Attachment: { ...attached, DeleteOnTermination: true } },
  ];
  const { ec2, asked } = scripted({ describeNetworkInterfaces: { NetworkInterfaces: left } });
  const interfaces = nodeInterfaces(ec2, node);
  await interfaces.list(never);
  await interfaces.list(never);
  expect(asked).toMatchObject([
    ['describeNetworkInterfaces', { Filters: [{ Name: 'tag:node.k8s.amazonaws.com/instance_id' }] }],
    ['deleteNetworkInterface', { NetworkInterfaceId: 'eni-1' }],
    [
      'modifyNetworkInterfaceAttribute',
      {
        NetworkInterfaceId: 'eni-2',
        Attachment: { AttachmentId: 'eni-attach-2', DeleteOnTermination: true },
      },
    ],
    ['describeNetworkInterfaces', { Filters: [{ Name: 'attachment.instance-id' }] }],
    ['describeNetworkInterfaces', { Filters: [{ Name: 'attachment.instance-id' }] }],
  ]);
});

it('adds an interface like the primary one, which goes with the node, or leaves none behind', async () => {
  const answers = {
    describeNetworkInterfaces: { NetworkInterfaces: [primary] },
    createNetworkInterface: { NetworkInterface: { NetworkInterfaceId: 'eni-1' } },
    attachNetworkInterface: { AttachmentId: 'eni-attach-1' },
  };
  const well = scripted(answers);
  const interfaces = nodeInterfaces(well.ec2, node);
  const [like] = await interfaces.list(never);
  if (like === undefined) return expect.unreachable();
  await interfaces.add({ deviceIndex: 1, more: { type: 'addresses', count: 5 }, like }, never);
  expect(well.asked.slice(-3)).toMatchObject([
    ['createNetworkInterface', { SubnetId: 'subnet-1', Groups: ['sg-1'], SecondaryPrivateIpAddressCount: 5 }],
    ['attachNetworkInterface', { NetworkInterfaceId: 'eni-1', InstanceId: 'i-0a', DeviceIndex: 1 }],
    ['modifyNetworkInterfaceAttribute', { Attachment: { DeleteOnTermination: true } }],
  ]);

  const full = scripted({ ...answers, attachNetworkInterface: new Error('AttachmentLimitExceeded') });
  const adding = nodeInterfaces(full.ec2, node).add(
    { deviceIndex: 1, more: { type: 'addresses', count: 5 }, like },
    never,
  );
  await expect(adding).rejects.toThrow('AttachmentLimitExceeded');
  expect(full.asked.at(-1)).toEqual(['deleteNetworkInterface', { NetworkInterfaceId: 'eni-1' }]);
});

it('asks for prefixes one at a time', async () => {
  const { ec2, asked } = scripted({});
  const interfaces = nodeInterfaces(ec2, node);
  await interfaces.assign('eni-0', { type: 'prefix' }, never);
  await interfaces.assign('eni-0', { type: 'addresses', count: 3 }, never);
  expect(asked).toEqual([
    ['assignPrivateIpAddresses', { NetworkInterfaceId: 'eni-0', Ipv4PrefixCount: 1 }],
    ['assignPrivateIpAddresses', { NetworkInterfaceId: 'eni-0', SecondaryPrivateIpAddressCount: 3 }],
  ]);
});
