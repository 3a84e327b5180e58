import { expect, it, onTestFinished } from 'vitest';
import { startSystem } from './system.ts';

const RoleName = 'AWSServiceRoleForECS';

it('ECS makes its service-linked role with the first cluster that is created, and needs it as long as there is one', async () => {
  const system = await startSystem({ seed: 5 });
  onTestFinished(() => system[Symbol.asyncDispose]());
  const { ecs, iam } = system;
  await expect(iam.getRole({ RoleName })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  await ecs.createCluster({ clusterName: 'harbor' });
  const { Role } = await iam.getRole({ RoleName });
  expect(Role?.Path).toBe('/aws-service-role/ecs.amazonaws.com/');

  const becameOfDeletion = async () => {
    const { DeletionTaskId } = await iam.deleteServiceLinkedRole({ RoleName });
    return iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId });
  };
  const { clusterArns = [] } = await ecs.listClusters({});
  expect(await becameOfDeletion()).toMatchObject({
    Status: 'FAILED',
    Reason: { RoleUsageList: [{ Resources: clusterArns }] },
  });
  expect(clusterArns).toHaveLength(2);
  const { containerInstanceArns = [] } = await ecs.listContainerInstances({});
  for (const containerInstance of containerInstanceArns)
    await ecs.deregisterContainerInstance({ containerInstance, force: true });
  for (const cluster of clusterArns) await ecs.deleteCluster({ cluster });
  expect(await becameOfDeletion()).toMatchObject({ Status: 'SUCCEEDED' });
  await expect(iam.getRole({ RoleName })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});
