import type { Case } from '../../../testing/authorization-suite.ts';
import { role } from '../../../testing/guarded.ts';
import { arn, type World } from './harbor.ts';

const any = ['*'];
const harbor = arn('cluster/harbor');
const inHarbor = { 'ecs:cluster': harbor };
/** What is kept, with its tag. */
const tagged = { 'aws:ResourceTag/team': 'blue', 'ecs:ResourceTag/team': 'blue' };
const tags = [{ key: 'Pier', value: 'nine' }];
/** What is asked for. */
const tagging = { 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };

const tagOnCreate = (action: string, on: string) => ({
  ...{ action: 'ecs:TagResource', on },
  keys: { ...tagging, 'ecs:CreateAction': action },
});
const passRole = (name: string, service: string) => ({
  ...{ action: 'iam:PassRole', on: role(name) },
  keys: { 'iam:PassedToService': service },
});
const passTaskRoles = [
  passRole('pilot', 'ecs-tasks.amazonaws.com'),
  passRole('tug', 'ecs-tasks.amazonaws.com'),
];
const passVolumeRole = passRole('winch', 'ecs.amazonaws.com');

const strategy = [{ capacityProvider: 'spare', weight: 1 }];
const spare = { 'ecs:capacity-provider': [arn('capacity-provider/spare')] };
const managedEBSVolume = { roleArn: role('winch'), sizeInGiB: 1, filesystemType: 'xfs' };
const volumeConfigurations = [{ name: 'hold', managedEBSVolume }];
const launch = { 'ecs:enable-execute-command': 'true', 'ecs:enable-ebs-volumes': 'true' };
const containerDefinitions = [{ name: 'app', image: 'app:1', privileged: true }];

const managedInstancesProvider = {
  infrastructureRoleArn: role('winch'),
  propagateTags: 'CAPACITY_PROVIDER',
  instanceLaunchTemplate: {
    ec2InstanceProfileArn: `${role('x').replace(':role/', ':instance-profile/')}`,
    networkConfiguration: { subnets: ['subnet-0000000a'] },
    instanceMetadataTagsPropagation: true,
  },
};
const managed = {
  'ecs:propagate-tags': 'CAPACITY_PROVIDER',
  'ecs:instance-metadata-tags-propagation': 'true',
};
const beacon = arn('daemon/harbor/beacon');
const onBeacon = { on: [beacon], keys: tagged };
const putIntoHarbor = { action: 'ecs:PutClusterCapacityProviders', on: harbor, keys: {} };

const configuration = { managedStorageConfiguration: { fargateEphemeralStorageKmsKeyId: 'key-1' } };
const ephemeral = { 'ecs:fargate-ephemeral-storage-kms-key': 'key-1' };

/** Of a service, everything that a condition can ask. */
const settings = {
  taskDefinition: 'ferry',
  capacityProviderStrategy: strategy,
  enableExecuteCommand: true,
  enableECSManagedTags: true,
  propagateTags: 'SERVICE',
  volumeConfigurations,
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0000000a'], assignPublicIp: 'ENABLED' } },
  serviceConnectConfiguration: { enabled: true, namespace: 'arn:aws:servicediscovery:ns-1' },
  vpcLatticeConfigurations: [{ roleArn: role('gate'), targetGroupArn: 'tg', portName: 'http' }],
  loadBalancers: [{ advancedConfiguration: { roleArn: role('crane') } }],
  deploymentConfiguration: { lifecycleHooks: [{ roleArn: role('bell') }] },
};
const settingsKeys = {
  ...launch,
  ...spare,
  'ecs:task-definition': arn('task-definition/ferry:1'),
  'ecs:task-cpu': '1024',
  'ecs:task-memory': '2048',
  'ecs:enable-ecs-managed-tags': 'true',
  'ecs:enable-service-connect': 'true',
  'ecs:enable-vpc-lattice': 'true',
  'ecs:namespace': 'arn:aws:servicediscovery:ns-1',
  'ecs:propagate-tags': 'SERVICE',
  'ecs:auto-assign-public-ip': 'true',
  'ecs:subnet': ['subnet-0000000a'],
};
const passSettingsRoles = [
  ...passTaskRoles,
  passVolumeRole,
  ...['gate', 'crane', 'bell'].map((name) => passRole(name, 'ecs.amazonaws.com')),
];

/** By the operations' names. An operation of the table that has none here fails the test. */
export function casesIn({
  instances,
  tasks,
  deployment,
  revision,
  taskSet,
}: World): Readonly<Record<string, Case>> {
  const [instance] = instances;
  const [task] = tasks;
  const cluster = 'harbor';
  const web = arn('service/harbor/web');
  const onInstance = { on: [instance], keys: { ...tagged, ...inHarbor } };
  const onTasks = { on: tasks, keys: { ...tagged, ...inHarbor } };
  const onWeb = { on: [web], keys: { ...tagged, ...inHarbor } };
  const onHarbor = { on: [harbor], keys: tagged };
  const quay = arn('gateway/quay');
  const onQuay = { on: [quay], keys: tagged };
  const onQuayAndHarbor = { on: [quay, harbor], keys: tagged };
  const ofService = (name: string) => ({ ...inHarbor, 'ecs:service': arn(`service/harbor/${name}`) });
  const onTaskSet = {
    on: [arn(`task-set/harbor/fleet/${taskSet}`)],
    keys: { ...tagged, ...ofService('fleet') },
  };
  const onDeployment = { on: [web, deployment], keys: { ...tagged, ...ofService('web') } };
  const accountSetting = { on: any, keys: { 'ecs:account-setting': 'awsvpcTrunking' } };
  const attributes = instances.map((targetId) => ({
    name: 'berth',
    targetType: 'container-instance',
    targetId,
  }));
  const onInstances = { on: instances, keys: { ...tagged, ...inHarbor } };
  const setting = { name: 'awsvpcTrunking', value: 'disabled' };
  return {
    AssociateGatewayWithCluster: { input: { gateway: 'quay', cluster }, ...onQuayAndHarbor },
    ContinueServiceDeployment: { input: { serviceDeploymentArn: deployment, hookId: 'h' }, ...onDeployment },
    CreateCapacityProvider: {
      input: { name: 'new', cluster, managedInstancesProvider, tags },
      on: [arn('capacity-provider/new')],
      keys: { ...tagging, ...managed },
      besides: [
        tagOnCreate('CreateCapacityProvider', arn('capacity-provider/new')),
        passVolumeRole,
        putIntoHarbor,
      ],
    },
    CreateCluster: {
      input: { clusterName: 'harbor', configuration, capacityProviders: ['spare'], tags },
      on: [harbor],
      keys: { ...tagged, ...tagging, ...spare, ...ephemeral },
      besides: [tagOnCreate('CreateCluster', harbor)],
    },
    CreateDaemon: {
      input: {
        ...{ daemonName: 'lamp', clusterArn: harbor, capacityProviderArns: [arn('capacity-provider/spare')] },
        ...{ daemonTaskDefinitionArn: arn('daemon-task-definition/lamp:1'), tags },
      },
      on: [arn('daemon/harbor/lamp')],
      keys: tagging,
      besides: [tagOnCreate('CreateDaemon', arn('daemon/harbor/lamp'))],
    },
    DeleteDaemon: { input: { daemonArn: beacon }, ...onBeacon },
    DeleteDaemonTaskDefinition: {
      input: { daemonTaskDefinition: 'lamp:1' },
      ...{ on: [arn('daemon-task-definition/lamp:1')], keys: tagged },
    },
    DescribeDaemon: { input: { daemonArn: beacon }, ...onBeacon },
    DescribeDaemonDeployments: {
      input: { daemonDeploymentArns: [arn('daemon-deployment/harbor/beacon/1')] },
      ...{ on: [beacon, arn('daemon-deployment/harbor/beacon/1')], keys: {} },
    },
    DescribeDaemonRevisions: {
      input: { daemonRevisionArns: [arn('daemon-revision/harbor/beacon/1')] },
      ...{ on: [beacon, arn('daemon-revision/harbor/beacon/1')], keys: {} },
    },
    DescribeDaemonTaskDefinition: { input: { daemonTaskDefinition: 'lamp' }, on: any, keys: {} },
    ListDaemonDeployments: { input: { daemonArn: beacon }, ...onBeacon },
    ListDaemons: { input: {}, on: any, keys: {} },
    ListDaemonTaskDefinitions: { input: {}, on: any, keys: {} },
    RegisterDaemonTaskDefinition: {
      input: {
        ...{ family: 'new', containerDefinitions: [{ name: 'app', image: 'app:1' }], tags },
        ...{ taskRoleArn: role('pilot'), executionRoleArn: role('tug') },
      },
      on: [arn('daemon-task-definition/new:*')],
      keys: tagging,
      besides: [
        tagOnCreate('RegisterDaemonTaskDefinition', arn('daemon-task-definition/new:*')),
        ...passTaskRoles,
      ],
    },
    UpdateDaemon: {
      input: {
        ...{ daemonArn: beacon, capacityProviderArns: [arn('capacity-provider/spare')] },
        daemonTaskDefinitionArn: arn('daemon-task-definition/lamp:1'),
      },
      ...onBeacon,
    },
    CreateExpressGatewayService: {
      input: {
        ...{ cluster, serviceName: 'web', tags, infrastructureRoleArn: role('winch') },
        ...{
          taskRoleArn: role('pilot'),
          executionRoleArn: role('tug'),
          primaryContainer: { image: 'app:1' },
        },
      },
      on: [web],
      keys: { ...tagged, ...tagging, ...inHarbor },
      besides: [tagOnCreate('CreateExpressGatewayService', web), ...passTaskRoles, passVolumeRole],
    },
    CreateGateway: {
      input: {
        name: 'quay',
        configuration: { hostSharedAlb: {} },
        tags,
        infrastructureRoleArn: role('winch'),
      },
      on: [quay],
      keys: { ...tagged, ...tagging },
      besides: [tagOnCreate('CreateGateway', quay), passVolumeRole],
    },
    CreateService: {
      input: { cluster, serviceName: 'web', role: 'gate', tags, ...settings },
      on: [web],
      keys: { ...tagged, ...tagging, ...inHarbor, ...settingsKeys },
      besides: [tagOnCreate('CreateService', web), ...passSettingsRoles],
    },
    CreateTaskSet: {
      input: {
        cluster,
        service: 'fleet',
        taskDefinition: 'ferry:1',
        capacityProviderStrategy: strategy,
        tags,
      },
      on: [arn('task-set/harbor/fleet/*')],
      keys: {
        ...{ ...tagging, ...ofService('fleet'), ...spare },
        'ecs:task-definition': arn('task-definition/ferry:1'),
      },
      besides: [tagOnCreate('CreateTaskSet', arn('task-set/harbor/fleet/*')), ...passTaskRoles],
    },
    DeleteAccountSetting: { input: { name: 'awsvpcTrunking' }, ...accountSetting },
    DeleteAttributes: { input: { cluster, attributes }, ...onInstances },
    DeleteCapacityProvider: {
      input: { capacityProvider: 'spare', cluster },
      on: [arn('capacity-provider/spare')],
      keys: tagged,
      besides: [putIntoHarbor],
    },
    DeleteCluster: { input: { cluster }, ...onHarbor },
    DeleteExpressGatewayService: { input: { serviceArn: web }, ...onWeb },
    DeleteGateway: { input: { gateway: 'quay' }, ...onQuay },
    DeleteService: { input: { cluster, service: 'web' }, ...onWeb },
    DeleteTaskDefinitions: {
      // A revision is a number, however it is written.
      input: { taskDefinitions: ['web:01', arn('task-definition/ferry:001')] },
      on: [arn('task-definition/web:1'), arn('task-definition/ferry:1')],
      keys: tagged,
    },
    DeleteTaskSet: { input: { cluster, service: 'fleet', taskSet }, ...onTaskSet },
    DeregisterContainerInstance: { input: { cluster, containerInstance: instance }, ...onHarbor },
    DeregisterTaskDefinition: { input: { taskDefinition: 'web:1' }, on: any },
    DescribeCapacityProviders: {
      input: { capacityProviders: ['FARGATE', 'spare'] },
      on: [arn('capacity-provider/FARGATE'), arn('capacity-provider/spare')],
      keys: tagged,
    },
    DescribeClusters: {
      input: { clusters: ['pier', harbor] },
      on: [arn('cluster/pier'), harbor],
      keys: tagged,
    },
    DescribeContainerInstances: { input: { cluster, containerInstances: instances }, ...onInstances },
    DescribeExpressGatewayService: { input: { serviceArn: web }, ...onWeb },
    DescribeGateway: { input: { gateway: quay }, ...onQuay },
    DescribeGatewayResources: { input: { gateway: 'quay' }, ...onQuay },
    DescribeGatewayRoute: {
      input: { gatewayRouteArn: arn('gateway-route/quay/1') },
      on: [arn('gateway-route/quay/1')],
      keys: {},
    },
    DescribeServiceDeployments: { input: { serviceDeploymentArns: [deployment] }, ...onDeployment },
    DescribeServiceRevisions: {
      input: { serviceRevisionArns: [revision] },
      on: [web, revision],
      keys: { ...tagged, ...ofService('web') },
    },
    DescribeServices: {
      input: { cluster, services: ['fleet', 'web'] },
      on: [arn('service/harbor/fleet'), web],
      keys: { ...tagged, ...inHarbor },
    },
    DescribeTaskDefinition: { input: { taskDefinition: 'web' }, on: any },
    DescribeTaskSets: { input: { cluster, service: 'fleet', taskSets: [taskSet] }, ...onTaskSet },
    DescribeTasks: { input: { cluster, tasks }, ...onTasks },
    DisassociateGatewayFromCluster: { input: { gateway: quay, cluster: harbor }, ...onQuayAndHarbor },
    DiscoverPollEndpoint: { input: { cluster }, on: any },
    ExecuteCommand: {
      input: { cluster, task, container: 'app', command: 'sh', interactive: true },
      on: [harbor, task],
      keys: { ...tagged, ...inHarbor, 'ecs:task': task, 'ecs:container-name': 'app' },
    },
    GetTaskProtection: { input: { cluster, tasks }, ...onTasks },
    ListAccountSettings: { input: {}, on: any },
    ListAttributes: { input: { cluster, targetType: 'container-instance' }, ...onHarbor },
    ListClusters: { input: {}, on: any },
    ListContainerInstances: { input: { cluster }, ...onHarbor },
    ListGatewayClusterAssociations: { input: { gateway: 'quay', cluster }, on: any },
    ListGatewayRoutes: { input: { gateway: 'quay', cluster }, on: any },
    ListGateways: { input: { names: ['quay'] }, on: any },
    ListServiceDeployments: { input: { cluster, service: 'web' }, ...onWeb },
    ListServices: { input: { cluster }, on: any, keys: inHarbor },
    ListServicesByNamespace: {
      input: { namespace: 'sea' },
      on: any,
      keys: { 'ecs:namespace': 'sea' },
    },
    ListTagsForResource: { input: { resourceArn: task }, on: [task], keys: tagged },
    ListTaskDefinitionFamilies: { input: {}, on: any },
    ListTaskDefinitions: { input: {}, on: any },
    ListTasks: { input: { cluster, containerInstance: instance }, ...onInstance },
    PutAccountSetting: { input: setting, ...accountSetting },
    PutAccountSettingDefault: { input: setting, ...accountSetting },
    PutAttributes: { input: { cluster, attributes }, ...onInstances },
    PutClusterCapacityProviders: {
      input: { cluster, capacityProviders: ['spare'], defaultCapacityProviderStrategy: strategy },
      on: [harbor],
      keys: { ...tagged, ...spare },
    },
    RegisterContainerInstance: {
      input: { cluster, tags },
      on: [harbor],
      keys: { ...tagged, ...tagging },
      besides: [tagOnCreate('RegisterContainerInstance', arn('container-instance/harbor/*'))],
    },
    RegisterTaskDefinition: {
      input: {
        ...{ family: 'ferry', containerDefinitions, requiresCompatibilities: ['EC2'], tags },
        ...{ cpu: '.5 vCPU', memory: '1 GB', taskRoleArn: 'pilot', executionRoleArn: role('tug') },
      },
      on: [arn('task-definition/ferry:*')],
      keys: {
        ...tagging,
        'ecs:task-cpu': '512',
        'ecs:task-memory': '1024',
        'ecs:compute-compatibility': ['EC2'],
        'ecs:privileged': 'true',
      },
      besides: [tagOnCreate('RegisterTaskDefinition', arn('task-definition/ferry:*')), ...passTaskRoles],
    },
    RunTask: {
      input: {
        ...{ cluster, taskDefinition: 'ferry', capacityProviderStrategy: strategy, tags },
        ...{ enableExecuteCommand: true, volumeConfigurations, overrides: { taskRoleArn: role('mate') } },
      },
      on: [arn('task-definition/ferry:1')],
      keys: { ...tagged, ...tagging, ...inHarbor, ...spare, ...launch },
      besides: [
        tagOnCreate('RunTask', arn('task/harbor/*')),
        passRole('mate', 'ecs-tasks.amazonaws.com'),
        passRole('tug', 'ecs-tasks.amazonaws.com'),
        passVolumeRole,
      ],
    },
    StartTask: {
      input: {
        ...{ cluster, taskDefinition: arn('task-definition/ferry:01'), containerInstances: instances, tags },
        ...{ enableExecuteCommand: true, volumeConfigurations },
      },
      on: [arn('task-definition/ferry:1')],
      keys: { ...tagged, ...tagging, ...inHarbor, ...launch, 'ecs:container-instances': instances },
      besides: [tagOnCreate('StartTask', arn('task/harbor/*')), ...passTaskRoles, passVolumeRole],
    },
    StopServiceDeployment: { input: { serviceDeploymentArn: deployment }, ...onDeployment },
    StopTask: { input: { cluster, task }, on: [task], keys: { ...tagged, ...inHarbor } },
    SubmitAttachmentStateChanges: { input: { cluster, attachments: [] }, ...onHarbor },
    SubmitContainerStateChange: { input: { cluster, task }, ...onHarbor },
    SubmitTaskStateChange: { input: { cluster, task }, ...onHarbor },
    TagResource: { input: { resourceArn: task, tags }, on: [task], keys: { ...tagged, ...tagging } },
    UntagResource: {
      input: { resourceArn: task, tagKeys: ['Pier'] },
      on: [task],
      keys: { ...tagged, 'aws:TagKeys': ['Pier'] },
    },
    UpdateCapacityProvider: {
      input: { name: 'spare', cluster, managedInstancesProvider },
      on: [arn('capacity-provider/spare')],
      keys: { ...tagged, ...managed },
      besides: [passVolumeRole, putIntoHarbor],
    },
    UpdateCluster: { input: { cluster, configuration }, on: [harbor], keys: { ...tagged, ...ephemeral } },
    UpdateClusterSettings: { input: { cluster, settings: [] }, ...onHarbor },
    UpdateContainerAgent: { input: { cluster, containerInstance: instance }, ...onInstance },
    UpdateContainerInstancesState: {
      input: { cluster, containerInstances: instances, status: 'DRAINING' },
      ...onInstances,
    },
    UpdateExpressGatewayService: {
      input: { serviceArn: web, taskDefinitionArn: arn('task-definition/ferry:1') },
      ...onWeb,
      besides: passTaskRoles,
    },
    UpdateGateway: {
      input: { gateway: 'quay', infrastructureRoleArn: role('winch') },
      ...onQuay,
      besides: [passVolumeRole],
    },
    UpdateService: {
      input: { cluster, service: 'web', ...settings },
      on: [web],
      keys: { ...tagged, ...inHarbor, ...settingsKeys },
      besides: passSettingsRoles,
    },
    UpdateServicePrimaryTaskSet: { input: { cluster, service: 'web', primaryTaskSet: taskSet }, ...onWeb },
    UpdateTaskProtection: { input: { cluster, tasks, protectionEnabled: true }, ...onTasks },
    UpdateTaskSet: {
      input: { cluster, service: 'fleet', taskSet, scale: { value: 50, unit: 'PERCENT' } },
      ...onTaskSet,
    },
  };
}
