import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeInstanceRecord, nodeInstanceKey, nodeInstances } from '../nodes/record.ts';
import { clusterKey, clusters } from '../records.ts';
import { type EksApi, role, scope, startEksApi } from '../testing/eks-api.ts';
import { addonEntries, addonInfo } from './catalogue.ts';
import { vpcCniSettings } from './vpc-cni.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster('harbor');
});
afterEach(() => api[Symbol.asyncDispose]());

const clusterName = 'harbor';
const named = (addonName: string, more: object = {}) => ({ clusterName, addonName, ...more });
const describeIt = async (addonName: string) => (await api.eks.describeAddon(named(addonName))).addon;
const create = async (addonName: string, more: object = {}) => {
  const { addon } = await api.eks.createAddon(named(addonName, more));
  await api.followAddons();
  return addon;
};
const remove = async (addonName: string, more: object = {}) => {
  const { addon } = await api.eks.deleteAddon(named(addonName, more));
  await api.followAddons();
  return addon;
};
const withoutFunctions = () =>
  api.server.state.get(clusters, clusterKey(scope, clusterName))?.withoutFunctions ?? [];
const podRole = (RoleName: string) =>
  api.server.iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          ...{ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' } },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
        },
      ],
    }),
  });

describe('an add-on', () => {
  it('is none of a cluster that nobody gave one, though its function is there', async () => {
    expect((await api.eks.listAddons({ clusterName })).addons).toEqual([]);
    expect(withoutFunctions()).toEqual([]);
  });

  it('is CREATING, then ACTIVE, of the newest version for its cluster', async () => {
    const created = await create('coredns', { tags: { team: 'blue' }, resolveConflicts: 'OVERWRITE' });
    expect(created).toEqual({
      ...{ addonName: 'coredns', clusterName, status: 'CREATING', addonVersion: 'v1.13.1-eksbuild.1' },
      addonArn: expect.stringMatching(/^arn:aws:eks:eu-west-1:\d{12}:addon\/harbor\/coredns\/[0-9a-f-]{36}$/),
      ...{ health: { issues: [] }, publisher: 'eks', owner: 'aws', tags: { team: 'blue' } },
      ...{ createdAt: expect.any(Date), modifiedAt: expect.any(Date) },
      namespaceConfig: { namespace: 'kube-system' },
    });
    expect(await describeIt('coredns')).toEqual({ ...created, status: 'ACTIVE' });
    expect((await api.eks.listAddons({ clusterName })).addons).toEqual(['coredns']);
    const resourceArn = created?.addonArn ?? '';
    await api.eks.tagResource({ resourceArn, tags: { a: '1' } });
    expect((await describeIt('coredns'))?.tags).toEqual({ team: 'blue', a: '1' });
  });

  it('stays CREATING until the control plane answers', async () => {
    await api.eks.createAddon(named('coredns'));
    api.answers = false;
    await api.followAddons();
    expect((await describeIt('coredns'))?.status).toBe('CREATING');
    api.answers = true;
    await api.followAddons();
    expect((await describeIt('coredns'))?.status).toBe('ACTIVE');
  });

  it('is made once by a request that comes twice, and not again by another', async () => {
    const first = await create('vpc-cni', { clientRequestToken: 'once' });
    expect((await create('vpc-cni', { clientRequestToken: 'once' }))?.addonArn).toBe(first?.addonArn);
    await expect(create('vpc-cni')).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: 'Addon already exists.' },
      ...named('vpc-cni'),
    });
  });

  it('takes its function along when it is deleted, unless that is to be preserved', async () => {
    await create('metrics-server');
    expect(await remove('metrics-server', { preserve: true })).toMatchObject({ status: 'DELETING' });
    expect(withoutFunctions()).toEqual([]);
    await create('metrics-server');
    await remove('metrics-server');
    expect(withoutFunctions()).toEqual(['metrics-server']);
    await expect(describeIt('metrics-server')).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', ...named('metrics-server') },
      message: 'No addon: metrics-server found in cluster: harbor',
    });
    await create('metrics-server');
    expect(withoutFunctions()).toEqual([]);
  });

  it('leaves what is part of each node where it is', async () => {
    for (const name of ['kube-proxy', 'vpc-cni']) {
      await create(name);
      await remove(name);
    }
    expect(withoutFunctions()).toEqual([]);
  });

  it('is needed for names where a cluster was to come without any', async () => {
    await api.cluster('bare', { bootstrapSelfManagedAddons: false });
    const record = () => api.server.state.get(clusters, clusterKey(scope, 'bare'));
    expect(record()?.withoutFunctions).toEqual(['coredns']);
    await api.eks.createAddon({ clusterName: 'bare', addonName: 'coredns' });
    await api.followAddons();
    expect(record()).not.toHaveProperty('withoutFunctions');
  });

  it('goes with its cluster', async () => {
    await create('coredns');
    await api.eks.deleteCluster({ name: clusterName });
    await api.end(clusterName);
    await api.cluster(clusterName);
    expect((await api.eks.listAddons({ clusterName })).addons).toEqual([]);
  });

  it('is DEGRADED while a node that should be there is not ready', async () => {
    await create('coredns');
    await create('metrics-server');
    const { state, clock } = api.server;
    const launchedSince = (ms: number) =>
      state.transact((tx) =>
        tx.put(nodeInstances, nodeInstanceKey(scope, 'i-1'), {
          ...{ instanceId: 'i-1', clusterName, launched: { at: clock.now() - ms } },
        } as unknown as NodeInstanceRecord),
      );
    await launchedSince(60_000);
    expect((await describeIt('coredns'))?.status).toBe('ACTIVE');
    await launchedSince(600_000);
    expect(await describeIt('coredns')).toMatchObject({
      status: 'DEGRADED',
      health: {
        issues: [
          {
            code: 'InsufficientNumberOfReplicas',
            message: "The add-on is unhealthy because it doesn't have the desired number of replicas.",
            resourceIds: ['i-1'],
          },
        ],
      },
    });
    // The control plane tells metrics itself.
    expect((await describeIt('metrics-server'))?.status).toBe('ACTIVE');
  });
});

describe('an update of an add-on', () => {
  const ofAddon = { name: clusterName, addonName: 'kube-proxy' };

  it('is InProgress, and the add-on UPDATING, until it has been followed', async () => {
    await create('kube-proxy', { addonVersion: 'v1.35.0-eksbuild.1' });
    const change = { addonVersion: 'v1.36.0-eksbuild.1', resolveConflicts: 'PRESERVE' } as const;
    const { update } = await api.eks.updateAddon(named('kube-proxy', change));
    expect(update).toMatchObject({
      ...{ type: 'AddonUpdate', status: 'InProgress', errors: [] },
      params: [
        { type: 'AddonVersion', value: 'v1.36.0-eksbuild.1' },
        { type: 'ResolveConflicts', value: 'PRESERVE' },
      ],
    });
    expect((await describeIt('kube-proxy'))?.status).toBe('UPDATING');
    const busy = 'as it is currently in UPDATING state';
    await expect(api.eks.updateAddon(named('kube-proxy'))).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: `Addon kube-proxy cannot be updated ${busy}` },
    });
    await expect(remove('kube-proxy')).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: `Addon kube-proxy cannot be deleted ${busy}` },
    });
    await api.followAddons();
    expect(await describeIt('kube-proxy')).toMatchObject({
      ...{ status: 'ACTIVE', addonVersion: 'v1.36.0-eksbuild.1' },
    });
    const updateId = update?.id ?? '';
    expect((await api.eks.describeUpdate({ ...ofAddon, updateId })).update?.status).toBe('Successful');
    expect((await api.eks.listUpdates(ofAddon)).updateIds).toEqual([updateId]);
    expect((await api.eks.listUpdates({ name: clusterName })).updateIds).toEqual([]);
    await expect(api.eks.describeUpdate({ name: clusterName, updateId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('of one that is not there is refused', async () => {
    await expect(api.eks.updateAddon(named('coredns'))).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No addon: coredns found in cluster: harbor' },
    });
    await expect(api.eks.listUpdates({ ...ofAddon })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('associations that come with an add-on', () => {
  const asked = (name: string) => ({
    podIdentityAssociations: [{ serviceAccount: 'aws-node', roleArn: role(name) }],
  });
  const listed = async () => (await api.eks.listPodIdentityAssociations({ clusterName })).associations ?? [];
  beforeEach(async () => {
    await podRole('cni');
    await podRole('other');
  });

  it('are its own, and go with it', async () => {
    const addon = await create('vpc-cni', asked('cni'));
    const [association] = await listed();
    expect(association).toMatchObject({
      ...{ namespace: 'kube-system', serviceAccount: 'aws-node', ownerArn: addon?.addonArn },
    });
    expect(addon?.podIdentityAssociations).toEqual([association?.associationArn]);
    await remove('vpc-cni', { preserve: true });
    expect(await listed()).toEqual([]);
  });

  it('are changed by an update that says so, and by none that does not', async () => {
    await create('vpc-cni', asked('cni'));
    const update = async (more: object) => {
      await api.eks.updateAddon(named('vpc-cni', more));
      await api.followAddons();
    };
    const roleArn = async () => {
      const { associationId = '' } = (await listed())[0] ?? {};
      const found = await api.eks.describePodIdentityAssociation({ clusterName, associationId });
      return found.association?.roleArn;
    };
    await update({ configurationValues: '{}' });
    expect(await roleArn()).toBe(role('cni'));
    await update(asked('other'));
    expect(await roleArn()).toBe(role('other'));
    await update({ podIdentityAssociations: [] });
    expect(await listed()).toEqual([]);
  });

  it('are refused where there is one, or nobody to act with them', async () => {
    await api.eks.createPodIdentityAssociation({
      ...{ clusterName, namespace: 'kube-system', serviceAccount: 'aws-node', roleArn: role('cni') },
    });
    await expect(create('vpc-cni', asked('cni'))).rejects.toMatchObject({
      ...{
        name: 'ResourceInUseException',
        message: expect.stringMatching(/^Association already exists: a-/),
      },
    });
    await expect(create('coredns', asked('cni'))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: 'Pod Identity feature is not supported for addon coredns',
    });
    const other = [{ serviceAccount: 'coredns', roleArn: role('cni') }];
    await expect(create('vpc-cni', { podIdentityAssociations: other })).rejects.toMatchObject({
      message: 'Service account coredns in pod identity configuration is not supported for addon vpc-cni',
    });
    expect((await api.eks.listAddons({ clusterName })).addons).toEqual([]);
  });
});

describe('what is asked of an add-on', () => {
  const schema = 'ConfigurationValue provided in request is not supported: ';
  const failed = `${schema}Json schema validation failed with error: `;
  it.each<readonly [string, string, object, string]>([
    ['another add-on', 'aws-ebs-csi-driver', {}, 'Addon aws-ebs-csi-driver specified is not supported'],
    ['another version', 'coredns', { addonVersion: 'v1' }, 'Addon version specified is not supported'],
    [
      'a key that means nothing',
      ...(['coredns', { configurationValues: '{"replicaCount":3}' }] as const),
      `${failed}[$.replicaCount: is not defined in the schema and the schema does not allow additional properties]`,
    ],
    [
      'a key of AWS’s that has no effect here',
      ...(['vpc-cni', { configurationValues: '{"env":{"WARM_IP_TARGET":"2"}}' }] as const),
      `${failed}[$.env.WARM_IP_TARGET: is not defined in the schema and the schema does not allow additional properties]`,
    ],
    [
      'other values than there are',
      'vpc-cni',
      {
        configurationValues:
          'enableNetworkPolicy: true\nenv:\n  ENABLE_POD_ENI: "yes"\n  POD_SECURITY_GROUP_ENFORCING_MODE: "off"',
      },
      `${failed}[$.enableNetworkPolicy: boolean found, string expected, $.env.ENABLE_POD_ENI: does not have a value in the enumeration [false, true], $.env.POD_SECURITY_GROUP_ENFORCING_MODE: does not have a value in the enumeration [strict, standard]]`,
    ],
    [
      'no object',
      ...(['coredns', { configurationValues: 'null' }] as const),
      `${failed}[$: null found, object expected]`,
    ],
    [
      'no text of either form',
      'coredns',
      { configurationValues: '{' },
      `${schema}it is neither JSON nor YAML`,
    ],
    [
      'a role by way of a token',
      ...(['vpc-cni', { serviceAccountRoleArn: role('cni') }] as const),
      'Roles of add-ons by way of the OpenID Connect provider (serviceAccountRoleArn; podIdentityAssociations can be used instead) are not supported by this version of Catamaran yet.',
    ],
    [
      'another namespace',
      ...(['metrics-server', { namespaceConfig: { namespace: 'metrics' } }] as const),
      'Namespaces of add-ons other than kube-system (namespaceConfig) are not supported by this version of Catamaran yet.',
    ],
  ])('is refused: %s', async (_what, addonName, more, message) => {
    await expect(create(addonName, more)).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message },
    });
  });

  it('may be a configuration of nothing, in either form', async () => {
    await create('coredns', { configurationValues: '{}' });
    expect((await describeIt('coredns'))?.configurationValues).toBe('{}');
  });
});

describe('add-ons that there are', () => {
  it('are told with what they are for', async () => {
    const { addons = [] } = await api.eks.describeAddonVersions({});
    expect(addons.map(({ addonName }) => addonName)).toEqual([
      ...['coredns', 'eks-pod-identity-agent', 'kube-proxy', 'metrics-server', 'vpc-cni'],
    ]);
    const kubeProxy = await api.eks.describeAddonVersions({
      ...{ addonName: 'kube-proxy', kubernetesVersion: '1.35' },
    });
    expect(kubeProxy.addons).toMatchObject([
      {
        ...{ addonName: 'kube-proxy', type: 'networking', owner: 'aws', publisher: 'eks' },
        addonVersions: [
          {
            addonVersion: 'v1.35.0-eksbuild.1',
            compatibilities: [{ clusterVersion: '1.35', platformVersions: ['*'], defaultVersion: true }],
          },
        ],
      },
    ]);
    const ofCommunity = await api.eks.describeAddonVersions({ owners: ['community'] });
    expect(ofCommunity.addons?.map(({ addonName }) => addonName)).toEqual(['metrics-server']);
    expect((await api.eks.describeAddonVersions({ types: ['storage'] })).addons).toEqual([]);
    expect((await api.eks.describeAddonVersions({ addonName: 'cert-manager' })).addons).toEqual([]);
  });

  it.each(addonEntries)('have one version that each cluster gets: $name', (entry) => {
    const { addonVersions = [] } = addonInfo(entry);
    const defaults = addonVersions.flatMap(({ compatibilities = [] }) =>
      compatibilities.filter((it) => it.defaultVersion).map((it) => it.clusterVersion),
    );
    expect(defaults.toSorted()).toEqual(['1.35', '1.36']);
    for (const { addonVersion } of addonVersions)
      expect(addonVersion).toMatch(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/);
  });

  it('tell what can be configured of them', async () => {
    const asked = { addonName: 'vpc-cni', addonVersion: 'v1.21.1-eksbuild.1' };
    const { configurationSchema = '', podIdentityConfiguration } =
      await api.eks.describeAddonConfiguration(asked);
    const { properties } = JSON.parse(configurationSchema);
    expect(Object.keys(properties)).toEqual(['enableNetworkPolicy', 'env']);
    expect(Object.keys(properties.env.properties)).toEqual([
      ...['ENABLE_POD_ENI', 'ENABLE_PREFIX_DELEGATION', 'POD_SECURITY_GROUP_ENFORCING_MODE'],
    ]);
    for (const addonName of ['coredns', 'kube-proxy', 'metrics-server', 'eks-pod-identity-agent']) {
      const { addons: [offered] = [] } = await api.eks.describeAddonVersions({ addonName });
      const addonVersion = offered?.addonVersions?.[0]?.addonVersion;
      const told = await api.eks.describeAddonConfiguration({ addonName, addonVersion });
      expect(JSON.parse(told.configurationSchema ?? '')).toMatchObject({
        ...{ title: addonName, additionalProperties: false, properties: {} },
      });
    }
    expect(podIdentityConfiguration).toEqual([
      {
        serviceAccount: 'aws-node',
        recommendedManagedPolicies: ['arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy'],
      },
    ]);
    await expect(api.eks.describeAddonConfiguration({ ...asked, addonVersion: 'v1' })).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: 'Addon version specified is not supported' },
    });
  });
});

describe('the configuration of vpc-cni', () => {
  const settings = () => vpcCniSettings(api.server.state, scope, 'harbor');
  const defaults = {
    ...{ hasPodInterfaces: false, enforcingMode: 'strict', hasPrefixes: false, hasNetworkPolicies: true },
  };

  it('is what it is without one', async () => {
    expect(settings()).toEqual(defaults);
    await create('vpc-cni');
    expect(settings()).toEqual(defaults);
  });

  it('says how the nodes give pods addresses', async () => {
    const env = {
      ...{ ENABLE_POD_ENI: 'true', ENABLE_PREFIX_DELEGATION: 'true' },
      POD_SECURITY_GROUP_ENFORCING_MODE: 'standard',
    };
    const configurationValues = JSON.stringify({ enableNetworkPolicy: 'false', env });
    await create('vpc-cni', { configurationValues });
    expect(settings()).toEqual({
      ...{ hasPodInterfaces: true, enforcingMode: 'standard', hasPrefixes: true, hasNetworkPolicies: false },
    });
  });
});
