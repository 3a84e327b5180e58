import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../iam/testing/iam-server.ts';
import { type EksApi, startEksApi } from '../testing/eks-api.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster(clusterName);
});
afterEach(() => api[Symbol.asyncDispose]());

const clusterName = 'harbor';
const of = { clusterName };
const identityProviderConfig = { type: 'oidc', name: 'corp' };
const corp = (more: object = {}) => ({
  ...{ identityProviderConfigName: 'corp', issuerUrl: 'https://id.example.com', clientId: 'kubernetes' },
  ...more,
});
const describeCorp = async () =>
  (await api.eks.describeIdentityProviderConfig({ ...of, identityProviderConfig })).identityProviderConfig
    ?.oidc;

describe('an identity provider', () => {
  it('comes and goes by updates of its cluster', async () => {
    const oidc = corp({ groupsClaim: 'groups', groupsPrefix: 'corp:', requiredClaims: { team: 'blue' } });
    const { update, tags } = await api.eks.associateIdentityProviderConfig({ ...of, oidc, tags: { a: '1' } });
    expect({ update, tags }).toMatchObject({
      update: {
        ...{ type: 'AssociateIdentityProviderConfig', status: 'InProgress' },
        params: [{ type: 'IdentityProviderConfig', value: '[{"type":"oidc","name":"corp"}]' }],
      },
      tags: { a: '1' },
    });
    expect(await describeCorp()).toMatchObject({ status: 'CREATING' });
    await api.finish(clusterName);
    const described = await describeCorp();
    expect(described).toEqual({
      ...{ ...oidc, clusterName, usernameClaim: 'sub', tags: { a: '1' }, status: 'ACTIVE' },
      identityProviderConfigArn: expect.stringMatching(
        new RegExp(
          `^arn:aws:eks:eu-west-1:${accountId}:identityproviderconfig/harbor/oidc/corp/[0-9a-f-]{36}$`,
        ),
      ),
    });
    expect(await api.eks.listIdentityProviderConfigs(of)).toMatchObject({
      identityProviderConfigs: [identityProviderConfig],
    });
    const resourceArn = described?.identityProviderConfigArn ?? '';
    await api.eks.tagResource({ resourceArn, tags: { b: '2' } });
    expect((await api.eks.listTagsForResource({ resourceArn })).tags).toEqual({ a: '1', b: '2' });

    await api.eks.disassociateIdentityProviderConfig({ ...of, identityProviderConfig });
    expect(await describeCorp()).toMatchObject({ status: 'DELETING' });
    await api.finish(clusterName);
    expect((await api.eks.listIdentityProviderConfigs(of)).identityProviderConfigs).toEqual([]);
    await expect(describeCorp()).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'Identity provider config not found: corp' },
    });
  });

  it('is the only one of its cluster, and goes with it', async () => {
    await api.eks.associateIdentityProviderConfig({ ...of, oidc: corp() });
    await api.finish(clusterName);
    const second = corp({ identityProviderConfigName: 'other' });
    await expect(api.eks.associateIdentityProviderConfig({ ...of, oidc: second })).rejects.toMatchObject({
      ...{ name: 'InvalidRequestException', clusterName },
      message: 'Cluster harbor has the identity provider config corp already',
    });
    await api.eks.deleteCluster({ name: clusterName });
    await api.end(clusterName);
    await api.cluster(clusterName);
    expect((await api.eks.listIdentityProviderConfigs(of)).identityProviderConfigs).toEqual([]);
  });

  it.each<readonly [what: string, oidc: object, message: RegExp]>([
    ['an issuer without TLS', { issuerUrl: 'http://id.example.com' }, /^The issuerUrl must begin with https/],
    ['an issuer with a query', { issuerUrl: 'https://id.example.com/?a=b' }, /and have no query/],
    [
      'users as Kubernetes’ own',
      { usernamePrefix: 'system:' },
      /^The usernamePrefix must not contain system:$/,
    ],
    [
      'groups as Kubernetes’ own',
      { groupsPrefix: 'x-system:' },
      /^The groupsPrefix must not contain system:$/,
    ],
    [
      'a name of other characters',
      { identityProviderConfigName: 'a b' },
      /identityProviderConfigName' failed/,
    ],
    ['an empty claim', { requiredClaims: { team: '' } }, /'oidc\.requiredClaims\.team' failed/],
  ])('refuses %s', async (_what, more, message) => {
    await expect(api.eks.associateIdentityProviderConfig({ ...of, oidc: corp(more) })).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringMatching(message) },
    });
  });

  it('is of the type oidc', async () => {
    const saml = { type: 'saml', name: 'corp' };
    await expect(
      api.eks.describeIdentityProviderConfig({ ...of, identityProviderConfig: saml }),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});
