import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../iam/testing/iam-server.ts';
import { type EksApi, role, startEksApi } from '../testing/eks-api.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster('harbor');
  await makeRole('reader', ['sts:AssumeRole', 'sts:TagSession']);
});
afterEach(() => api[Symbol.asyncDispose]());

const makeRole = (RoleName: string, Action: readonly string[], more: object = {}) =>
  api.server.iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action, ...more }],
    }),
  });

const clusterName = 'harbor';
const wanted = (more: object = {}) => ({
  ...{ clusterName, namespace: 'default', serviceAccount: 'app', roleArn: role('reader'), ...more },
});
const trustIsInvalid =
  /^Trust policy of the role provided is invalid\. Follow the official documentation to resolve the issue\./;

describe('a Pod Identity association', () => {
  it('gives the pods of a ServiceAccount a role', async () => {
    const { association } = await api.eks.createPodIdentityAssociation(wanted({ tags: { team: 'blue' } }));
    const associationId = association?.associationId ?? '';
    expect(association).toEqual({
      ...{ ...wanted(), tags: { team: 'blue' }, disableSessionTags: false },
      associationId: expect.stringMatching(/^a-[a-z0-9]{17}$/),
      associationArn: `arn:aws:eks:eu-west-1:${accountId}:podidentityassociation/harbor/${associationId}`,
      ...{ createdAt: expect.any(Date), modifiedAt: expect.any(Date) },
    });
    const one = { clusterName, associationId };
    expect((await api.eks.describePodIdentityAssociation(one)).association).toEqual(association);
    const resourceArn = association?.associationArn ?? '';
    await api.eks.tagResource({ resourceArn, tags: { a: '1' } });
    expect((await api.eks.listTagsForResource({ resourceArn })).tags).toEqual({ team: 'blue', a: '1' });
    const { association: deleted } = await api.eks.deletePodIdentityAssociation(one);
    expect(deleted?.associationId).toBe(associationId);
    await expect(api.eks.describePodIdentityAssociation(one)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('gets another role', async () => {
    const { association } = await api.eks.createPodIdentityAssociation(wanted());
    await makeRole('writer', ['sts:AssumeRole']);
    const one = { clusterName, associationId: association?.associationId, roleArn: role('writer') };
    await expect(api.eks.updatePodIdentityAssociation(one)).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringMatching(trustIsInvalid) },
    });
    // Without session tags the role need not allow them.
    const { association: updated } = await api.eks.updatePodIdentityAssociation({
      ...{ ...one, disableSessionTags: true },
    });
    expect(updated).toMatchObject({ roleArn: role('writer'), disableSessionTags: true });
  });

  it('is listed by namespace and ServiceAccount, and goes with its cluster', async () => {
    await api.eks.createPodIdentityAssociation(wanted());
    await api.eks.createPodIdentityAssociation(wanted({ namespace: 'team' }));
    await api.eks.createPodIdentityAssociation(wanted({ serviceAccount: 'other' }));
    const listed = async (more: object = {}) =>
      (await api.eks.listPodIdentityAssociations({ clusterName, ...more })).associations ?? [];
    expect(await listed()).toHaveLength(3);
    expect(await listed({ namespace: 'team' })).toMatchObject([{ namespace: 'team', serviceAccount: 'app' }]);
    expect(await listed({ serviceAccount: 'other' })).toHaveLength(1);
    expect((await listed())[0]).not.toHaveProperty('roleArn');
    await api.eks.deleteCluster({ name: clusterName });
    await api.end(clusterName);
    await api.cluster(clusterName);
    expect(await listed()).toEqual([]);
  });

  it('is the only one of its ServiceAccount, and made once by a request that comes twice', async () => {
    const request = wanted({ clientRequestToken: 'once' });
    const { association } = await api.eks.createPodIdentityAssociation(request);
    expect((await api.eks.createPodIdentityAssociation(request)).association).toEqual(association);
    await expect(api.eks.createPodIdentityAssociation(wanted())).rejects.toMatchObject({
      name: 'ResourceInUseException',
      message: `Association already exists: ${association?.associationId}`,
    });
  });

  it('is for a trust policy that names its cluster and its ServiceAccount', async () => {
    const tag = (value: string) => ({
      Condition: { StringEquals: { 'aws:RequestTag/kubernetes-service-account': value } },
    });
    await makeRole('of-app', ['sts:AssumeRole', 'sts:TagSession'], tag('app'));
    await makeRole('of-other', ['sts:AssumeRole', 'sts:TagSession'], tag('other'));
    await api.eks.createPodIdentityAssociation(wanted({ roleArn: role('of-app') }));
    await expect(
      api.eks.createPodIdentityAssociation(wanted({ namespace: 'team', roleArn: role('of-other') })),
    ).rejects.toMatchObject({ message: expect.stringMatching(trustIsInvalid) });
  });

  it.each<readonly [what: string, more: object, message: RegExp]>([
    ['nobody’s role', { roleArn: role('nobody') }, trustIsInvalid],
    ['a role of another account', { roleArn: 'arn:aws:iam::444455556666:role/reader' }, trustIsInvalid],
    ['what is no role', { roleArn: `arn:aws:iam::${accountId}:user/ada` }, /^Invalid Role Arn: /],
    ['what is no namespace', { namespace: 'A b' }, /at 'namespace' failed to satisfy/],
    ['what is no ServiceAccount', { serviceAccount: 'a/b' }, /at 'serviceAccount' failed to satisfy/],
    ['a role by way of another', { targetRoleArn: role('x') }, /\(targetRoleArn\) are not supported/],
    ['a policy of its own', { policy: '{}' }, /\(policy\) are not supported/],
  ])('refuses %s', async (_what, more, message) => {
    await expect(api.eks.createPodIdentityAssociation(wanted(more))).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringMatching(message) },
    });
  });
});
