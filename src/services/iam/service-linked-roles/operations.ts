import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import { entityArn } from '../arn.ts';
import { entityTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createServiceLinkedRole } from './create-service-linked-role.ts';
import { deleteServiceLinkedRole, getServiceLinkedRoleDeletionStatus } from './delete-service-linked-role.ts';
import { linkedRoleName, linkedRolePath, linkedService } from './linked-services.ts';

type ServiceLinkedRoleOperation =
  | 'CreateServiceLinkedRole'
  | 'DeleteServiceLinkedRole'
  | 'GetServiceLinkedRoleDeletionStatus';

/** The operations on the roles that services act with on an account's behalf. */
export function serviceLinkedRoleOperations(
  iam: IamContext,
): Pick<OperationsOf<IAM>, ServiceLinkedRoleOperation> {
  const { state } = iam;
  return {
    CreateServiceLinkedRole: {
      action: 'iam:CreateServiceLinkedRole',
      resources: ({ AWSServiceName = '', CustomSuffix }, { accountId }) => {
        const linked = linkedService(AWSServiceName);
        const name = linked === undefined ? '*' : linkedRoleName(linked, CustomSuffix);
        return [entityArn(accountId, 'role', linkedRolePath(AWSServiceName), name)];
      },
      conditions: ({ AWSServiceName }) => ({ 'iam:AWSServiceName': AWSServiceName }),
      run: (input, call) => createServiceLinkedRole(iam, input, call),
    },
    DeleteServiceLinkedRole: {
      action: 'iam:DeleteServiceLinkedRole',
      resources: namedResource(state, 'role').named((input) => input.RoleName),
      conditions: (_input, _call, resource) => entityTagKeys(state, resource),
      run: (input, call) => deleteServiceLinkedRole(iam, input, call),
    },
    GetServiceLinkedRoleDeletionStatus: {
      action: 'iam:GetServiceLinkedRoleDeletionStatus',
      // `task/aws-service-role/<service>/<role>/<id>`; the role itself may be gone.
      resources: ({ DeletionTaskId = '' }, { accountId }) => {
        const [, path = '/', name = '*'] = /^task(\/.*\/)([^/]+)\/[^/]*$/.exec(DeletionTaskId) ?? [];
        return [entityArn(accountId, 'role', path, name)];
      },
      conditions: (_input, _call, resource) => entityTagKeys(state, resource),
      run: (input, call) => getServiceLinkedRoleDeletionStatus(iam, input, call),
    },
  };
}
