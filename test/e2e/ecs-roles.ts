import { IAM } from '@aws-sdk/client-iam';
import type { Installation } from './installation.ts';

/** A role that ECS may assume. @param statement What it allows. @returns Its ARN. */
export async function addEcsRole(
  installation: Installation,
  RoleName: string,
  statement?: { readonly Action: string; readonly Resource: string },
): Promise<string> {
  const iam = new IAM(installation.clientOptions());
  const policy = (part: object): string =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...part }] });
  const { Role } = await iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: policy({
      Principal: { Service: 'ecs.amazonaws.com' },
      Action: 'sts:AssumeRole',
    }),
  });
  if (statement !== undefined)
    await iam.putRolePolicy({ RoleName, PolicyName: 'allowed', PolicyDocument: policy(statement) });
  return Role?.Arn ?? '';
}

/** By which ECS may shift traffic. @returns Its ARN. */
export async function addShifterRole(installation: Installation): Promise<string> {
  const arn = await addEcsRole(installation, 'shifter');
  await new IAM(installation.clientOptions()).attachRolePolicy({
    RoleName: 'shifter',
    PolicyArn: 'arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers',
  });
  return arn;
}

/** For Managed Instances, which an infrastructure role may launch by AWS's policy. @returns Its ARN. */
export async function addInstanceProfile(
  installation: Installation,
  infrastructureRole: string,
): Promise<string> {
  const iam = new IAM(installation.clientOptions());
  await iam.attachRolePolicy({
    RoleName: infrastructureRole,
    PolicyArn: 'arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances',
  });
  const [RoleName, InstanceProfileName] = ['ecsInstanceRole', 'ecsInstanceRole'];
  await iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  });
  const { InstanceProfile } = await iam.createInstanceProfile({ InstanceProfileName });
  await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName });
  return InstanceProfile?.Arn ?? '';
}
