import type { IAM } from '@aws-sdk/client-iam';
import type { MachineIdentities } from '../../machines/index.ts';
import { carryNodesAction } from './node-routes.ts';

const path = '/catamaran/';

/** AWS's own policy for the agents of container instances, and what ours asks for besides. */
const agentPolicyArn = 'arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role';
const machinePolicy = policy([
  carryNodesAction,
  'catamaran:FollowRecords',
  'catamaran:LeaveInstallation',
  'ecs:DescribeContainerInstances',
  'logs:CreateLogGroup',
  'servicediscovery:DiscoverInstances',
  'servicediscovery:DiscoverInstancesRevision',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
]);
const policyName = 'machine';

/** Who holds an invitation acts as this role: it may join, and nothing else. */
export const invitedRole = 'catamaran-invited';
const invitedPolicy = policy(['catamaran:JoinInstallation']);
/** Nobody assumes it: sessions of it are given out by the installation itself. */
const nobody = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
});

/**
 * Machines as users of the installation's first account, made by IAM's own operations: what a machine may do is there
 * for everybody to read, and ends by `delete-access-key`.
 */
export function machineUsers(iam: IAM): MachineIdentities {
  return {
    issue: async (userName) => {
      await unless('EntityAlreadyExistsException', () => iam.createUser({ UserName: userName, Path: path }));
      await permitMachine(iam, userName);
      await removeKeys(iam, userName);
      const { AccessKey } = await iam.createAccessKey({ UserName: userName });
      const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {};
      return { accessKeyId, secretAccessKey };
    },
    remove: (userName) =>
      unless('NoSuchEntityException', async () => {
        await removeKeys(iam, userName);
        const { PolicyNames = [] } = await iam.listUserPolicies({ UserName: userName });
        for (const PolicyName of PolicyNames) await iam.deleteUserPolicy({ UserName: userName, PolicyName });
        const { AttachedPolicies = [] } = await iam.listAttachedUserPolicies({ UserName: userName });
        for (const { PolicyArn } of AttachedPolicies)
          await iam.detachUserPolicy({ UserName: userName, PolicyArn });
        await iam.deleteUser({ UserName: userName });
      }),
  };
}

/** Gives a machine's user what machines may do; one that joined a version before may have less. */
export async function permitMachine(iam: IAM, userName: string): Promise<void> {
  await iam.attachUserPolicy({ UserName: userName, PolicyArn: agentPolicyArn });
  await iam.putUserPolicy({
    ...{ UserName: userName, PolicyName: policyName, PolicyDocument: machinePolicy },
  });
}

/** Makes the role of invitations, unless it is there. */
export async function ensureInvitedRole(iam: IAM): Promise<void> {
  await unless('EntityAlreadyExistsException', () =>
    iam.createRole({
      RoleName: invitedRole,
      Path: path,
      Description: 'Computers that are invited to join the installation as machines',
      AssumeRolePolicyDocument: nobody,
    }),
  );
  await iam.putRolePolicy({ RoleName: invitedRole, PolicyName: 'join', PolicyDocument: invitedPolicy });
}

async function removeKeys(iam: IAM, userName: string): Promise<void> {
  const { AccessKeyMetadata = [] } = await iam.listAccessKeys({ UserName: userName });
  for (const { AccessKeyId } of AccessKeyMetadata)
    await iam.deleteAccessKey({ UserName: userName, AccessKeyId });
}

async function unless(errorName: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== errorName) throw error;
  }
}

function policy(actions: readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  });
}
