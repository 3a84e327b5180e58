export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

/** Names that mean something where the request goes, by the member that takes them. */
export type KnownNames = Readonly<Record<string, readonly string[]>>;

const webContainer: Json = {
  name: 'web',
  image: 'app:1',
  cpu: 10,
  memory: 64,
  memoryReservation: 32,
  essential: true,
  command: ['serve'],
  entryPoint: ['/bin/sh'],
  workingDirectory: '/srv',
  user: '1000:1000',
  environment: [{ name: 'A', value: '1' }],
  portMappings: [{ containerPort: 80, hostPort: 0, protocol: 'tcp', name: 'http', appProtocol: 'http' }],
  mountPoints: [{ sourceVolume: 'data', containerPath: '/data', readOnly: true }],
  volumesFrom: [],
  dependsOn: [{ containerName: 'init', condition: 'SUCCESS' }],
  healthCheck: { command: ['CMD', 'true'], interval: 10, timeout: 5, retries: 3, startPeriod: 10 },
  ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 2048 }],
  linuxParameters: {
    capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
    devices: [{ hostPath: '/dev/null', containerPath: '/dev/zero', permissions: ['read'] }],
    initProcessEnabled: true,
    sharedMemorySize: 16,
    tmpfs: [{ containerPath: '/scratch', size: 16, mountOptions: ['noexec'] }],
    maxSwap: 64,
    swappiness: 10,
  },
  logConfiguration: { logDriver: 'json-file', options: { 'max-size': '10m' } },
  systemControls: [{ namespace: 'net.core.somaxconn', value: '1024' }],
  restartPolicy: { enabled: true, ignoredExitCodes: [0], restartAttemptPeriod: 60 },
  dockerLabels: { a: 'b' },
  dockerSecurityOptions: ['no-new-privileges'],
  dnsServers: ['10.0.0.2'],
  dnsSearchDomains: ['example.com'],
  extraHosts: [{ hostname: 'db', ipAddress: '10.0.0.3' }],
  startTimeout: 10,
  stopTimeout: 10,
  interactive: false,
  pseudoTerminal: false,
  privileged: false,
  readonlyRootFilesystem: true,
  versionConsistency: 'disabled',
};

const tags: Json = [{ key: 'team', value: 'blue' }];
/** Of the operations with the most rules, inputs in which nearly everything is said; `fresh` is of this one alone. */
export function templatesOf(operation: string, names: KnownNames, fresh: string): readonly Json[] {
  const networkConfiguration: Json = {
    awsvpcConfiguration: {
      subnets: [...(names.subnets ?? [])],
      securityGroups: [...(names.securityGroups ?? [])],
      assignPublicIp: 'DISABLED',
    },
  };
  switch (operation) {
    case 'RegisterTaskDefinition':
      return [
        {
          family: 'full',
          networkMode: 'bridge',
          cpu: '256',
          memory: '512',
          pidMode: 'task',
          ipcMode: 'none',
          requiresCompatibilities: ['EC2'],
          runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
          placementConstraints: [{ type: 'memberOf', expression: 'attribute:ecs.os-type == linux' }],
          volumes: [
            { name: 'data' },
            { name: 'host', host: { sourcePath: '/srv' } },
            {
              name: 'docker',
              dockerVolumeConfiguration: { scope: 'task', driver: 'local', labels: { a: 'b' } },
            },
          ],
          containerDefinitions: [
            webContainer,
            { name: 'init', image: 'app:1', memory: 16, essential: false, command: ['exit', '0'] },
          ],
          tags,
        },
        {
          family: 'fargate',
          networkMode: 'awsvpc',
          cpu: '.25 vCPU',
          memory: '0.5 GB',
          requiresCompatibilities: ['FARGATE'],
          executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
          ephemeralStorage: { sizeInGiB: 21 },
          containerDefinitions: [
            {
              name: 'app',
              image: 'app:1',
              portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
              logConfiguration: {
                logDriver: 'awslogs',
                options: { 'awslogs-group': 'g', 'awslogs-region': 'r', 'awslogs-stream-prefix': 'p' },
              },
            },
          ],
        },
        {
          family: 'external',
          networkMode: 'host',
          requiresCompatibilities: ['EXTERNAL', 'EC2'],
          containerDefinitions: [
            {
              name: 'app',
              image: 'app:1',
              memory: 16,
              logConfiguration: { logDriver: 'json-file', options: { mode: 'non-blocking' } },
              restartPolicy: { enabled: true },
            },
          ],
        },
        {
          family: 'later',
          executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
          taskRoleArn: 'arn:aws:iam::123456789012:role/task',
          containerDefinitions: [
            {
              name: 'app',
              image: 'app:1',
              memory: 16,
              secrets: [{ name: 'S', valueFrom: 'arn:aws:ssm:us-east-1:123456789012:parameter/s' }],
              environmentFiles: [{ value: 'arn:aws:s3:::bucket/a.env', type: 's3' }],
              repositoryCredentials: {
                credentialsParameter: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:s',
              },
              resourceRequirements: [{ type: 'GPU', value: '1' }],
            },
          ],
        },
      ];
    case 'RunTask':
      return [
        {
          cluster: 'default',
          taskDefinition: 'web',
          count: 2,
          group: 'batch',
          startedBy: 'someone',
          launchType: 'EC2',
          enableECSManagedTags: true,
          propagateTags: 'TASK_DEFINITION',
          clientToken: `token-${fresh}`,
          placementConstraints: [
            { type: 'distinctInstance' },
            { type: 'memberOf', expression: 'attribute:a exists' },
          ],
          placementStrategy: [
            { type: 'spread', field: 'attribute:ecs.availability-zone' },
            { type: 'binpack', field: 'memory' },
          ],
          overrides: {
            cpu: '256',
            memory: '512',
            containerOverrides: [
              { name: 'app', command: ['x'], environment: [{ name: 'B', value: '2' }], cpu: 5, memory: 70 },
            ],
          },
          tags,
        },
        { taskDefinition: 'net', networkConfiguration, count: 1 },
        { taskDefinition: 'web', launchType: 'EXTERNAL', referenceId: 'r', count: 1 },
        { taskDefinition: 'web', count: 1, group: 'other', enableExecuteCommand: true, tags },
        {
          taskDefinition: 'serverless',
          launchType: 'FARGATE',
          platformVersion: 'LATEST',
          networkConfiguration,
          overrides: { cpu: '512', memory: '1024' },
        },
        {
          taskDefinition: 'serverless',
          networkConfiguration,
          platformVersion: '1.4.0',
          capacityProviderStrategy: [
            { capacityProvider: 'FARGATE', weight: 1, base: 1 },
            { capacityProvider: 'FARGATE_SPOT', weight: 3 },
          ],
          count: 2,
        },
        {
          taskDefinition: 'web',
          capacityProviderStrategy: [{ capacityProvider: 'group', weight: 1 }],
          placementStrategy: [{ type: 'binpack', field: 'cpu' }],
        },
      ];
    case 'StartTask':
      return [
        {
          cluster: 'default',
          taskDefinition: 'web',
          containerInstances: [...(names.containerInstance ?? [])].slice(0, 2),
          startedBy: 'someone',
          group: 'batch',
          overrides: { containerOverrides: [{ name: 'app', command: ['x'], memory: 70 }] },
          propagateTags: 'TASK_DEFINITION',
          enableECSManagedTags: true,
          tags,
        },
      ];
    case 'CreateService':
      return [
        {
          cluster: 'default',
          serviceName: `new-${fresh}`,
          taskDefinition: 'web',
          desiredCount: 2,
          launchType: 'EC2',
          schedulingStrategy: 'REPLICA',
          clientToken: `token-${fresh}`,
          availabilityZoneRebalancing: 'ENABLED',
          healthCheckGracePeriodSeconds: 10,
          deploymentController: { type: 'ECS' },
          deploymentConfiguration: {
            strategy: 'ROLLING',
            maximumPercent: 200,
            minimumHealthyPercent: 50,
            bakeTimeInMinutes: 0,
            deploymentCircuitBreaker: {
              enable: true,
              rollback: true,
              resetOnHealthyTask: true,
              thresholdConfiguration: { type: 'COUNT', value: 3 },
            },
            alarms: { alarmNames: ['a'], enable: false, rollback: false },
          },
          placementConstraints: [{ type: 'distinctInstance' }],
          placementStrategy: [
            { type: 'spread', field: 'attribute:ecs.availability-zone' },
            { type: 'binpack', field: 'memory' },
          ],
          enableECSManagedTags: true,
          propagateTags: 'SERVICE',
          enableExecuteCommand: false,
          tags,
        },
        { serviceName: `small-${fresh}`, taskDefinition: 'web', desiredCount: 1 },
        { serviceName: `plain-${fresh}`, taskDefinition: 'net', desiredCount: 1, networkConfiguration },
        {
          serviceName: `daemon-${fresh}`,
          taskDefinition: 'web',
          schedulingStrategy: 'DAEMON',
          launchType: 'EC2',
          deploymentConfiguration: { maximumPercent: 100, minimumHealthyPercent: 50 },
          placementConstraints: [{ type: 'memberOf', expression: 'attribute:ecs.os-type == linux' }],
          tags,
        },
        {
          serviceName: `outside-${fresh}`,
          taskDefinition: 'web',
          desiredCount: 1,
          launchType: 'EXTERNAL',
          availabilityZoneRebalancing: 'DISABLED',
        },
        {
          serviceName: `serverless-${fresh}`,
          taskDefinition: 'serverless',
          desiredCount: 1,
          launchType: 'FARGATE',
          platformVersion: '1.4.0',
          networkConfiguration,
        },
        {
          serviceName: `spot-${fresh}`,
          taskDefinition: 'serverless',
          desiredCount: 1,
          networkConfiguration,
          platformVersion: 'LATEST',
          capacityProviderStrategy: [
            { capacityProvider: 'FARGATE', weight: 1, base: 1 },
            { capacityProvider: 'FARGATE_SPOT', weight: 3 },
          ],
          deploymentConfiguration: {
            deploymentCircuitBreaker: {
              enable: true,
              rollback: false,
              resetOnHealthyTask: false,
              thresholdConfiguration: { type: 'BOUNDED_PERCENT', value: 50 },
            },
            earlySuccessCriteria: {
              enable: true,
              healthyPercent: 100,
              sourceServiceRevisionCleanup: 'DEFERRED',
            },
          },
          enableExecuteCommand: true,
        },
        {
          serviceName: `sets-${fresh}`,
          deploymentController: { type: 'EXTERNAL' },
          schedulingStrategy: 'REPLICA',
          desiredCount: 1,
        },
        {
          serviceName: `mixed-${fresh}`,
          taskDefinition: 'net',
          desiredCount: 1,
          networkConfiguration,
          capacityProviderStrategy: [
            { capacityProvider: 'FARGATE', weight: 1, base: 1 },
            { capacityProvider: 'FARGATE_SPOT', weight: 3 },
          ],
          loadBalancers: [
            {
              targetGroupArn:
                'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef',
              containerName: 'app',
              containerPort: 8080,
            },
          ],
          serviceRegistries: [
            { registryArn: 'arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1', port: 80 },
          ],
          serviceConnectConfiguration: { enabled: true, namespace: 'n', services: [{ portName: 'http' }] },
          volumeConfigurations: [{ name: 'v', managedEBSVolume: { roleArn: 'r', sizeInGiB: 10 } }],
        },
      ];
    case 'UpdateService':
      return [
        { service: 'web', desiredCount: 1 },
        { service: 'web', taskDefinition: 'web', forceNewDeployment: true },
        {
          service: 'serverless',
          forceNewDeployment: true,
          platformVersion: 'LATEST',
          networkConfiguration,
          capacityProviderStrategy: [
            { capacityProvider: 'FARGATE_SPOT', weight: 1 },
            { capacityProvider: 'FARGATE', weight: 1, base: 1 },
          ],
        },
        {
          service: 'daemon',
          deploymentConfiguration: { minimumHealthyPercent: 0 },
          forceNewDeployment: true,
        },
        {
          service: 'web',
          desiredCount: 2,
          deploymentConfiguration: {
            strategy: 'ROLLING',
            maximumPercent: 200,
            minimumHealthyPercent: 50,
            bakeTimeInMinutes: 1,
            deploymentCircuitBreaker: {
              enable: true,
              rollback: true,
              thresholdConfiguration: { type: 'UNBOUNDED_PERCENT', value: 50 },
            },
            alarms: { alarmNames: ['a'], enable: false, rollback: false },
          },
          placementConstraints: [{ type: 'distinctInstance' }],
          placementStrategy: [{ type: 'spread', field: 'attribute:ecs.availability-zone' }],
          healthCheckGracePeriodSeconds: 5,
          enableExecuteCommand: true,
          propagateTags: 'SERVICE',
        },
        {
          cluster: 'default',
          service: 'web',
          taskDefinition: 'web:1',
          desiredCount: 2,
          forceNewDeployment: true,
          availabilityZoneRebalancing: 'DISABLED',
          deploymentConfiguration: {
            maximumPercent: 150,
            minimumHealthyPercent: 100,
            deploymentCircuitBreaker: { enable: true, rollback: false },
          },
          placementConstraints: [],
          placementStrategy: [],
          capacityProviderStrategy: [],
          healthCheckGracePeriodSeconds: 0,
          enableECSManagedTags: false,
          enableExecuteCommand: false,
          propagateTags: 'NONE',
          loadBalancers: [],
          serviceRegistries: [],
        },
      ];
    case 'CreateTaskSet':
      return [
        {
          cluster: 'default',
          service: 'sets',
          taskDefinition: 'web',
          launchType: 'EC2',
          scale: { value: 50, unit: 'PERCENT' },
          externalId: 'blue',
          clientToken: `token-${fresh}`,
          tags,
        },
      ];
    case 'ExecuteCommand':
      return [{ cluster: 'default', task: names.task?.[0] ?? '', command: 'sh', interactive: true }];
    case 'PutClusterCapacityProviders':
      return [
        {
          cluster: 'default',
          capacityProviders: ['FARGATE', 'FARGATE_SPOT', 'group'],
          defaultCapacityProviderStrategy: [],
        },
      ];
    case 'CreateCapacityProvider':
      return [
        {
          name: `provider-${fresh}`,
          autoScalingGroupProvider: {
            autoScalingGroupArn: `group-${fresh}`,
            managedScaling: { status: 'DISABLED', targetCapacity: 90 },
            managedTerminationProtection: 'DISABLED',
            managedDraining: 'DISABLED',
          },
          tags,
        },
      ];
    case 'UpdateTaskProtection':
      return [{ tasks: [names.task?.[0] ?? ''], protectionEnabled: true, expiresInMinutes: 60 }];
    case 'PutAttributes':
      return [
        {
          attributes: [
            {
              name: 'a',
              value: 'b',
              targetType: 'container-instance',
              targetId: names.containerInstance?.[0] ?? '',
            },
          ],
        },
      ];
    case 'TagResource':
      return [{ resourceArn: names.resourceArn?.[0] ?? '', tags }];
    default:
      return [];
  }
}
