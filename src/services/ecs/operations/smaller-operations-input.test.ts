import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationEntry } from '../../service.ts';
import { containerInstanceArn, serviceArn, taskArn } from '../arn.ts';
import { ecsOperations } from '../operations.ts';
import { openRoom, scope, type TestRoom } from '../testing/room.ts';

/**
 * What the smaller operations are asked wrongly: lists that are too long, filters and choices that there are not,
 * identifiers of something else. Each is refused in its own words, and what a Describe operation doesn't know is a
 * failure and no refusal.
 */
let room: TestRoom;
let table: ReadonlyMap<string, OperationEntry>;
beforeEach(async () => {
  room = await openRoom();
  table = new Map(Object.entries(ecsOperations(room.ecs)));
  await room.addInstance();
  await room.addDefinition();
  await ask('CreateService', { serviceName: 'web', taskDefinition: 'web:1', desiredCount: 0 });
});
afterEach(() => room[Symbol.asyncDispose]());

async function ask(operation: string, input: object): Promise<Record<string, unknown>> {
  const entry = table.get(operation);
  if (entry === undefined || 'refused' in entry) throw new Error(`${operation} is not supported`);
  return entry.run(input, room.call);
}

type Refused = [operation: string, input: object, message: string | RegExp, code?: string];

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);
const arn = (resource: string): string => `arn:aws:ecs:eu-west-1:123456789012:${resource}`;
const notFound = 'ResourceNotFoundException';
const noCluster = ['Cluster not found.', 'ClusterNotFoundException'] as const;
const attribute = { name: 'a', targetType: 'container-instance', targetId: '0'.repeat(32) };
const tag = { resourceArn: arn('cluster/default'), tags: [{ key: 'a', value: 'b' }] };

const refused: readonly Refused[] = [
  ['ListTasks', { cluster: 'none' }, ...noCluster],
  ['ListTasks', { maxResults: 0 }, 'Invalid maxResults: 0. It must be between 1 and 100.'],
  ['ListTasks', { maxResults: 101 }, 'Invalid maxResults: 101. It must be between 1 and 100.'],
  ['ListTasks', { maxResults: 1.5 }, 'Invalid maxResults: 1.5. It must be between 1 and 100.'],
  ['ListTasks', { nextToken: 'x' }, 'Invalid token.'],
  ['ListTasks', { desiredStatus: 'DONE' }, 'desiredStatus should be one of [RUNNING,PENDING,STOPPED].'],
  [
    'ListTasks',
    { launchType: 'LAMBDA' },
    'launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]',
  ],
  ['ListTasks', { serviceName: 'none' }, 'Service not found.', 'ServiceNotFoundException'],
  ['ListTasks', { serviceName: arn('service/other/web') }, 'Service not found.', 'ServiceNotFoundException'],
  ['ListTasks', { serviceName: arn('task/default/web') }, `Invalid identifier: ${arn('task/default/web')}`],
  ['ListTasks', { containerInstance: 'a/b/c' }, 'Invalid identifier: a/b/c'],
  ...[{ family: 'web' }, { serviceName: 'web' }, { containerInstance: 'x' }].map(
    (other): Refused => [
      'ListTasks',
      { startedBy: 'me', ...other },
      'When startedBy is specified, it must be the only filter.',
    ],
  ),

  ['StopTask', { task: '' }, 'Task identifier can not be blank.'],
  ['StopTask', { task: 'f'.repeat(32) }, 'The referenced task was not found.'],
  ['StopTask', { task: taskArn(scope, 'other', 'f'.repeat(32)) }, 'The referenced task was not found.'],
  ['StopTask', { task: arn('service/default/web') }, `Invalid identifier: ${arn('service/default/web')}`],
  ['StopTask', { task: 'x', cluster: 'none' }, ...noCluster],

  ['DescribeTasks', { tasks: [] }, 'Tasks cannot be empty.'],
  ['DescribeTasks', { tasks: many(101) }, 'Tasks can have at most 100 items.'],
  ['DescribeTasks', { tasks: ['x'], include: ['LOGS'] }, 'Invalid include LOGS: it should be one of [TAGS].'],
  ['DescribeTasks', { tasks: ['x'], cluster: 'none' }, ...noCluster],
  ['DescribeServices', { services: [] }, 'Services cannot be empty.'],
  ['DescribeServices', { services: many(11) }, 'Services can have at most 10 items.'],
  ['DescribeServices', { services: ['web'], include: ['LOGS'] }, /^Invalid include LOGS/],
  ['DescribeContainerInstances', { containerInstances: [] }, 'Container instances cannot be empty.'],
  [
    'DescribeContainerInstances',
    { containerInstances: many(101) },
    'Container instances can have at most 100 items.',
  ],
  [
    'DescribeContainerInstances',
    { containerInstances: ['x'], include: ['LOGS'] },
    'Invalid include LOGS: it should be one of [TAGS,CONTAINER_INSTANCE_HEALTH].',
  ],
  ['DescribeClusters', { clusters: many(101) }, 'Clusters cannot have more than 100 elements.'],
  [
    'DescribeClusters',
    { include: ['LOGS'] },
    'Invalid include LOGS: it should be one of [ATTACHMENTS,CONFIGURATIONS,SETTINGS,STATISTICS,TAGS].',
  ],
  ['DescribeCapacityProviders', { capacityProviders: many(101) }, /at most 100 items/],
  ['DescribeCapacityProviders', { maxResults: 11 }, 'Invalid maxResults: 11. It must be between 1 and 10.'],
  ['DescribeCapacityProviders', { include: ['LOGS'] }, /^Invalid include LOGS/],
  ['DescribeCapacityProviders', { cluster: 'none' }, ...noCluster],
  ['DescribeServiceDeployments', { serviceDeploymentArns: [] }, 'serviceDeploymentArns cannot be empty.'],
  ['DescribeServiceDeployments', { serviceDeploymentArns: many(21) }, /at most 20 items/],
  ['DescribeServiceDeployments', { serviceDeploymentArns: ['web'] }, 'Invalid identifier: web'],
  ['DescribeServiceRevisions', { serviceRevisionArns: many(21) }, /at most 20 items/],
  ['DescribeServiceRevisions', { serviceRevisionArns: ['web'] }, 'Invalid identifier: web'],
  [
    'DescribeTaskDefinition',
    { taskDefinition: 'none' },
    'Unable to describe task definition.',
    'ClientException',
  ],
  ['DescribeTaskDefinition', { taskDefinition: 'web:0' }, 'Invalid revision number. Number: 0'],
  ['DescribeTaskDefinition', { taskDefinition: 'web:1', include: ['LOGS'] }, /^Invalid include LOGS/],
  ['DeregisterTaskDefinition', { taskDefinition: 'web' }, 'Revision is missing.', 'ClientException'],
  ['DeregisterTaskDefinition', { taskDefinition: 'web:9' }, /^Unable to describe/, 'ClientException'],
  ['DeleteTaskDefinitions', { taskDefinitions: [] }, 'TaskDefinition references list cannot be empty.'],
  [
    'DeleteTaskDefinitions',
    { taskDefinitions: many(11).map((name) => `${name}:1`) },
    'Size of TaskDefinition references list cannot exceed 10',
  ],
  [
    'ListTaskDefinitions',
    { status: 'GONE' },
    /^Invalid status 'GONE'\. It must be one of \[ACTIVE, INACTIVE/,
  ],
  ['ListTaskDefinitions', { sort: 'UP' }, "Invalid sort 'UP'. It must be one of [ASC, DESC]."],
  ['ListTaskDefinitions', { maxResults: 101 }, /between 1 and 100/],
  ['ListTaskDefinitionFamilies', { status: 'DELETE_IN_PROGRESS' }, /\[ACTIVE, INACTIVE, ALL\]/],
  ['ListServices', { schedulingStrategy: 'CRON' }, 'schedulingStrategy should be one of [REPLICA,DAEMON].'],
  [
    'ListServices',
    { resourceManagementType: 'NOBODY' },
    'resourceManagementType should be one of [CUSTOMER,ECS].',
  ],
  ['ListServices', { launchType: 'LAMBDA' }, /^launch type should be one of/],
  ['ListServices', { maxResults: 101 }, /between 1 and 100/],
  ['ListClusters', { maxResults: 101 }, /between 1 and 100/],
  ['ListContainerInstances', { status: 'INACTIVE' }, /^status should be one of \[ACTIVE,DEREGISTERING/],
  ['ListContainerInstances', { filter: 'color == blue' }, /^The filter 'color == blue' is not valid: /],
  ['ListServiceDeployments', { service: 'none' }, 'Service not found.', 'ServiceNotFoundException'],
  ['ListServiceDeployments', { service: 'web', status: ['GONE'] }, /^Invalid status GONE/],
  ['ListServiceDeployments', { service: 'web', maxResults: 101 }, /between 1 and 100/],
  ['DeleteService', { service: '' }, 'Service identifier can not be blank.'],
  ['DeleteService', { service: 'none' }, 'Service not found.', 'ServiceNotFoundException'],
  ['DeleteCluster', { cluster: 'none' }, ...noCluster],
  ['CreateCluster', { clusterName: 'a b' }, /^Cluster names can have up to 255 letters/],
  ['CreateCluster', { clusterName: 'c'.repeat(256) }, /^Cluster names can have up to 255 letters/],
  ['CreateCluster', { settings: [{ name: 'x', value: 'y' }] }, /^Invalid cluster setting name 'x'/],
  ['CreateCluster', { settings: [{}] }, /^Invalid cluster setting name ''/],
  ['UpdateClusterSettings', { settings: [] }, 'Settings cannot be empty.'],
  [
    'UpdateClusterSettings',
    { settings: [{ name: 'containerInsights' }] },
    /^Invalid cluster setting value ''/,
  ],

  ['PutAttributes', { attributes: [] }, 'Attributes cannot be empty.'],
  [
    'PutAttributes',
    { attributes: many(11).map((name) => ({ ...attribute, name })) },
    'At most 10 attributes can be specified in a single call.',
  ],
  ['PutAttributes', { attributes: [{ ...attribute, name: '' }] }, "Invalid attribute name ''."],
  ['PutAttributes', { attributes: [{ ...attribute, name: 'a'.repeat(129) }] }, /^Invalid attribute name/],
  ['PutAttributes', { attributes: [{ ...attribute, name: 'a b' }] }, "Invalid attribute name 'a b'."],
  ['PutAttributes', { attributes: [{ ...attribute, name: 'ecs.x' }] }, /starts with a reserved prefix/],
  [
    'PutAttributes',
    { attributes: [{ ...attribute, name: 'catamaran.machine' }] },
    /starts with a reserved prefix/,
  ],
  ['PutAttributes', { attributes: [{ ...attribute, value: '' }] }, "Invalid value '' for attribute 'a'."],
  ['PutAttributes', { attributes: [{ ...attribute, value: ' b' }] }, "Invalid value ' b' for attribute 'a'."],
  ['PutAttributes', { attributes: [{ ...attribute, value: 'b'.repeat(129) }] }, /^Invalid value/],
  [
    'PutAttributes',
    { attributes: [{ ...attribute, targetType: 'task' }] },
    "Invalid targetType 'task'. It must be container-instance.",
  ],
  [
    'PutAttributes',
    { attributes: [{ ...attribute, targetType: undefined }] },
    "Invalid targetType ''. It must be container-instance.",
  ],
  ['PutAttributes', { attributes: [attribute] }, /could not be found/, 'TargetNotFoundException'],
  ['PutAttributes', { attributes: [attribute], cluster: 'none' }, ...noCluster],
  ['DeleteAttributes', { attributes: [] }, 'Attributes cannot be empty.'],
  [
    'DeleteAttributes',
    { attributes: [{ ...attribute, value: 'b' }] },
    "Attributes are deleted by name; 'a' cannot have a value.",
  ],
  ['DeleteAttributes', { attributes: [attribute] }, /could not be found/, 'TargetNotFoundException'],
  ['ListAttributes', { targetType: 'task' }, "Invalid targetType 'task'. It must be container-instance."],
  [
    'ListAttributes',
    { targetType: 'container-instance', attributeValue: 'x' },
    'You must also specify an attribute name to filter by value.',
  ],

  ['TagResource', { ...tag, tags: [] }, 'Tags can not be empty.'],
  ['TagResource', { ...tag, tags: [{ value: 'x' }] }, 'Tag keys cannot be null or empty.'],
  ['TagResource', { ...tag, tags: [{ key: 'aws:x' }] }, /reserved for AWS use/],
  ['TagResource', { ...tag, tags: many(51).map((key) => ({ key })) }, /^Tags can not have more than 50/],
  [
    'TagResource',
    { ...tag, resourceArn: 'web' },
    'Invalid resource ARN: web. Use the long format of the ARN.',
  ],
  ['TagResource', { ...tag, resourceArn: arn('service/web') }, /Use the long format/],
  ['TagResource', { ...tag, resourceArn: arn('service/default/none') }, /could not be found/, notFound],
  ['TagResource', { ...tag, resourceArn: arn('cluster/none') }, ...noCluster],
  ['UntagResource', { resourceArn: arn('cluster/default'), tagKeys: ['aws:x'] }, /reserved for AWS use/],
  ['UntagResource', { resourceArn: arn('cluster/default'), tagKeys: [''] }, /cannot be null or empty/],
  ['ListTagsForResource', { resourceArn: arn('task/default/none') }, /could not be found/, notFound],

  ['PutAccountSetting', { name: 'unknown', value: 'on' }, /^unknown should be one of \[awsvpcTrunking, /],
  ['PutAccountSetting', { value: 'on' }, /^name should be one of \[awsvpcTrunking, /],
  [
    'PutAccountSetting',
    { name: 'taskLongArnFormat', value: 'no' },
    /^Invalid value 'no' for taskLongArnFormat/,
  ],
  ['PutAccountSetting', { name: 'taskLongArnFormat' }, /^Invalid value '' for taskLongArnFormat/],
  ['PutAccountSetting', { name: 'guardDutyActivate', value: 'on' }, /managed by AWS/],
  [
    'PutAccountSetting',
    { name: 'taskLongArnFormat', value: 'enabled', principalArn: arn('nobody') },
    /does not exist in account/,
  ],
  ['PutAccountSettingDefault', { name: 'unknown', value: 'on' }, /^unknown should be one of/],
  ['DeleteAccountSetting', { name: 'unknown' }, /^unknown should be one of/],
  [
    'ListAccountSettings',
    { value: 'on' },
    'You must also specify an account setting name to filter by value.',
  ],
  ['ListAccountSettings', { maxResults: 11 }, 'Invalid maxResults: 11. It must be between 1 and 10.'],

  ...[undefined, 'INACTIVE', 'REGISTERING', 'GONE'].map(
    (status): Refused => [
      'UpdateContainerInstancesState',
      { containerInstances: ['x'], status },
      'Container instance status should be one of [ACTIVE,DRAINING].',
    ],
  ),
  [
    'UpdateContainerInstancesState',
    { containerInstances: [], status: 'DRAINING' },
    'Container instances cannot be empty.',
  ],
  [
    'UpdateContainerInstancesState',
    { containerInstances: many(11), status: 'DRAINING' },
    'Container instances can have at most 10 items.',
  ],
  [
    'UpdateContainerInstancesState',
    { containerInstances: ['x'], status: 'ACTIVE', cluster: 'none' },
    ...noCluster,
  ],
  ['DeregisterContainerInstance', { containerInstance: 'x' }, 'Referenced container instance x not found.'],
  ['UpdateTaskProtection', { tasks: [], protectionEnabled: true }, 'Tasks cannot be empty.'],
  ['UpdateTaskProtection', { tasks: many(11), protectionEnabled: true }, 'Tasks can have at most 10 items.'],
  ['UpdateTaskProtection', { tasks: ['x'] }, 'protectionEnabled is missing'],
  ...[0, 2881, 1.5].map(
    (expiresInMinutes): Refused => [
      'UpdateTaskProtection',
      { tasks: ['x'], protectionEnabled: true, expiresInMinutes },
      'expiresInMinutes must be between 1 and 2880.',
    ],
  ),
  ['GetTaskProtection', { tasks: many(101) }, 'Tasks can have at most 100 items.'],

  ['UpdateCapacityProvider', { name: 'p' }, /^Specify exactly one of autoScalingGroupProvider/],
  [
    'UpdateCapacityProvider',
    { name: 'FARGATE', autoScalingGroupProvider: {} },
    'The capacity provider FARGATE cannot be updated.',
  ],
  [
    'UpdateCapacityProvider',
    { name: 'none', autoScalingGroupProvider: {} },
    /does not exist/,
    'ClientException',
  ],
  ['UpdateCapacityProvider', { autoScalingGroupProvider: {} }, 'Capacity provider name can not be blank.'],
  ['DeleteCapacityProvider', {}, 'Capacity provider name can not be blank.'],
  ['DeleteCapacityProvider', { capacityProvider: 'FARGATE_SPOT' }, /FARGATE_SPOT cannot be deleted/],
  [
    'PutClusterCapacityProviders',
    { cluster: 'none', capacityProviders: [], defaultCapacityProviderStrategy: [] },
    ...noCluster,
  ],
  ['PutClusterCapacityProviders', { cluster: 'default' }, 'capacityProviders is required.'],
  [
    'PutClusterCapacityProviders',
    { cluster: 'default', capacityProviders: many(21), defaultCapacityProviderStrategy: [] },
    'The maximum number of capacity providers per cluster has been exceeded.',
  ],
];

it.each(refused)('%s refuses %j', async (operation, input, message, code = 'InvalidParameterException') => {
  await expect(ask(operation, input)).rejects.toMatchObject({
    code,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
});

describe('what is unknown is told as MISSING', () => {
  const id = 'f'.repeat(32);
  it.each<[operation: string, input: object, arns: readonly string[]]>([
    [
      'DescribeTasks',
      { tasks: [id, id, taskArn(scope, 'other', id)] },
      [taskArn(scope, 'other', id), taskArn(scope, 'default', id)],
    ],
    [
      'DescribeServices',
      { services: ['none', serviceArn(scope, 'other', 'web')] },
      [serviceArn(scope, 'default', 'none'), serviceArn(scope, 'other', 'web')],
    ],
    [
      'DescribeContainerInstances',
      { containerInstances: [id, containerInstanceArn(scope, 'other', id)] },
      [containerInstanceArn(scope, 'default', id), containerInstanceArn(scope, 'other', id)],
    ],
    ['DescribeClusters', { clusters: ['none', 'none'] }, [arn('cluster/none')]],
    ['DescribeCapacityProviders', { capacityProviders: ['none'] }, [arn('capacity-provider/none')]],
    [
      'UpdateContainerInstancesState',
      { containerInstances: [id], status: 'DRAINING' },
      [containerInstanceArn(scope, 'default', id)],
    ],
    ['UpdateTaskProtection', { tasks: [id], protectionEnabled: true }, [taskArn(scope, 'default', id)]],
  ])('%s %j', async (operation, input, arns) => {
    const { failures } = await ask(operation, input);
    const told = Array.isArray(failures) ? failures.map(({ arn, reason }) => `${reason} ${arn}`) : [];
    expect(told.sort()).toEqual(arns.map((each) => `MISSING ${each}`).sort());
  });

  it('ListTasks of an instance elsewhere lists none', async () => {
    const { id: known } = await room.addInstance();
    await ask('StartTask', { taskDefinition: 'web:1', containerInstances: [known] });
    const listed = async (containerInstance: string) =>
      (await ask('ListTasks', { containerInstance })).taskArns;
    expect(await listed(containerInstanceArn(scope, 'default', known))).toHaveLength(1);
    expect(await listed(containerInstanceArn(scope, 'other', known))).toEqual([]);
  });
});
