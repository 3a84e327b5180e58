import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { securityGroupRows } from './authorization.ts';
import { authorizeSecurityGroupEgress, authorizeSecurityGroupIngress } from './authorize-rules.ts';
import { createSecurityGroup } from './create-security-group.ts';
import { deleteSecurityGroup } from './delete-security-group.ts';
import { describeSecurityGroupRules } from './describe-security-group-rules.ts';
import { describeSecurityGroups } from './describe-security-groups.ts';
import {
  describeSecurityGroupReferences,
  describeStaleSecurityGroups,
  getSecurityGroupsForVpc,
} from './groups-of-vpc.ts';
import { modifySecurityGroupRules } from './modify-security-group-rules.ts';
import { revokeSecurityGroupEgress, revokeSecurityGroupIngress } from './revoke-rules.ts';
import {
  updateSecurityGroupRuleDescriptionsEgress,
  updateSecurityGroupRuleDescriptionsIngress,
} from './update-rule-descriptions.ts';

type SecurityGroupOperation =
  | 'AuthorizeSecurityGroupEgress'
  | 'AuthorizeSecurityGroupIngress'
  | 'CreateSecurityGroup'
  | 'DeleteSecurityGroup'
  | 'DescribeSecurityGroupReferences'
  | 'DescribeSecurityGroupRules'
  | 'DescribeSecurityGroups'
  | 'DescribeStaleSecurityGroups'
  | 'GetSecurityGroupsForVpc'
  | 'ModifySecurityGroupRules'
  | 'RevokeSecurityGroupEgress'
  | 'RevokeSecurityGroupIngress'
  | 'UpdateSecurityGroupRuleDescriptionsEgress'
  | 'UpdateSecurityGroupRuleDescriptionsIngress';

/** The operations on security groups and their rules. */
export function securityGroupOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, SecurityGroupOperation> {
  const may = ec2Authorization(ec2.state);
  const rows = securityGroupRows(ec2.state);
  return {
    CreateSecurityGroup: {
      action: 'ec2:CreateSecurityGroup',
      ...rows.made,
      run: (input, call) => createSecurityGroup(ec2, input, call),
    },
    DeleteSecurityGroup: {
      action: 'ec2:DeleteSecurityGroup',
      ...rows.group,
      run: (input, call) => deleteSecurityGroup(ec2, input, call),
    },
    DescribeSecurityGroups: {
      action: 'ec2:DescribeSecurityGroups',
      ...may.everything,
      run: (input, call) => describeSecurityGroups(ec2, input, call),
    },
    AuthorizeSecurityGroupIngress: {
      action: 'ec2:AuthorizeSecurityGroupIngress',
      ...rows.authorizing('AuthorizeSecurityGroupIngress'),
      run: (input, call) => authorizeSecurityGroupIngress(ec2, input, call),
    },
    AuthorizeSecurityGroupEgress: {
      action: 'ec2:AuthorizeSecurityGroupEgress',
      ...rows.authorizing('AuthorizeSecurityGroupEgress'),
      run: (input, call) => authorizeSecurityGroupEgress(ec2, input, call),
    },
    RevokeSecurityGroupIngress: {
      action: 'ec2:RevokeSecurityGroupIngress',
      ...rows.group,
      run: (input, call) => revokeSecurityGroupIngress(ec2, input, call),
    },
    RevokeSecurityGroupEgress: {
      action: 'ec2:RevokeSecurityGroupEgress',
      ...rows.group,
      run: (input, call) => revokeSecurityGroupEgress(ec2, input, call),
    },
    ModifySecurityGroupRules: {
      action: 'ec2:ModifySecurityGroupRules',
      ...rows.rules,
      run: (input, call) => modifySecurityGroupRules(ec2, input, call),
    },
    DescribeSecurityGroupRules: {
      action: 'ec2:DescribeSecurityGroupRules',
      ...may.everything,
      run: (input, call) => describeSecurityGroupRules(ec2, input, call),
    },
    UpdateSecurityGroupRuleDescriptionsIngress: {
      action: 'ec2:UpdateSecurityGroupRuleDescriptionsIngress',
      ...rows.group,
      run: (input, call) => updateSecurityGroupRuleDescriptionsIngress(ec2, input, call),
    },
    UpdateSecurityGroupRuleDescriptionsEgress: {
      action: 'ec2:UpdateSecurityGroupRuleDescriptionsEgress',
      ...rows.group,
      run: (input, call) => updateSecurityGroupRuleDescriptionsEgress(ec2, input, call),
    },
    DescribeSecurityGroupReferences: {
      action: 'ec2:DescribeSecurityGroupReferences',
      ...may.everything,
      run: (input, call) => describeSecurityGroupReferences(ec2, input, call),
    },
    DescribeStaleSecurityGroups: {
      action: 'ec2:DescribeStaleSecurityGroups',
      ...may.everything,
      run: (input, call) => describeStaleSecurityGroups(ec2, input, call),
    },
    GetSecurityGroupsForVpc: {
      action: 'ec2:GetSecurityGroupsForVpc',
      ...may.on<{ readonly VpcId: string | undefined }>(({ VpcId }) => [['vpc', VpcId]]),
      run: (input, call) => getSecurityGroupsForVpc(ec2, input, call),
    },
  };
}
