import type { ClusterConfiguration, ExecuteCommandLogConfiguration } from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import type { Scope } from './arn.ts';
import { invalidParameter, unsupported } from './errors.ts';
import { given } from './given.ts';
import type { SessionLoggingRecord } from './records/cluster.ts';
import { type ClusterRecord, type TaskRecord, taskDefinitions } from './records.ts';
import { taskDefinitionKey } from './task-definition-lookup.ts';

/**
 * Where a cluster wants the sessions of ECS Exec logged, and by which key of KMS encrypted; logs in S3 are refused, and encrypted ones.
 * @throws InvalidParameterException, UnsupportedFeatureException
 */
export function readClusterConfiguration(
  configuration: ClusterConfiguration | undefined,
): ClusterRecord['configuration'] | undefined {
  const { executeCommandConfiguration: exec } = configuration ?? {};
  if (exec === undefined) return undefined;
  const { kmsKeyId, logging = 'DEFAULT', logConfiguration } = exec;
  if (logging !== 'NONE' && logging !== 'DEFAULT' && logging !== 'OVERRIDE')
    throw invalidParameter(
      `Invalid executeCommandConfiguration logging '${logging}'. It must be one of [NONE, DEFAULT, OVERRIDE].`,
    );
  if (logging !== 'OVERRIDE' && logConfiguration !== undefined)
    throw invalidParameter("You must set logging to 'OVERRIDE' when you supply a log configuration");
  return {
    executeCommandConfiguration: {
      ...given('kmsKeyId', kmsKeyId || undefined),
      ...readLogging(logging, logConfiguration),
    },
  };
}

function readLogging(
  logging: SessionLoggingRecord['logging'],
  logConfiguration: ExecuteCommandLogConfiguration = {},
): SessionLoggingRecord {
  if (logging !== 'OVERRIDE') return { logging };
  const {
    cloudWatchLogGroupName,
    cloudWatchEncryptionEnabled,
    s3BucketName,
    s3EncryptionEnabled,
    s3KeyPrefix,
  } = logConfiguration;
  if (!cloudWatchLogGroupName && !s3BucketName)
    throw invalidParameter(
      "You must supply a log configuration with a CloudWatch log group or an S3 bucket when you set logging to 'OVERRIDE'",
    );
  if (cloudWatchEncryptionEnabled && !cloudWatchLogGroupName)
    throw invalidParameter('You must specify a CloudWatch log group to enable CloudWatch encryption');
  if ((s3EncryptionEnabled || s3KeyPrefix) && !s3BucketName)
    throw invalidParameter('You must specify an S3 bucket to enable S3 encryption or to set a key prefix');
  if (s3BucketName)
    throw unsupported('The logging of ECS Exec to S3 (executeCommandConfiguration s3BucketName)');
  if (cloudWatchEncryptionEnabled)
    throw unsupported(
      'An encrypted log of ECS Exec (executeCommandConfiguration cloudWatchEncryptionEnabled)',
    );
  if (!cloudWatchLogGroupName || !/^[.\-_/#A-Za-z0-9]{1,512}$/.test(cloudWatchLogGroupName))
    throw invalidParameter(
      `Invalid cloudWatchLogGroupName '${cloudWatchLogGroupName}'. It must have 1 to 512 characters of [a-zA-Z0-9_/.#-].`,
    );
  return { logging, logConfiguration: { cloudWatchLogGroupName, cloudWatchEncryptionEnabled: false } };
}

/**
 * The log group of a session in a container: the cluster's, or where it has none of its own (`DEFAULT`, also when
 * nothing is configured) that of the container's awslogs driver. Undefined: the session is not logged.
 */
export function sessionLogGroup(
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  { taskDefinition }: Pick<TaskRecord, 'taskDefinition'>,
  containerName: string,
): string | undefined {
  const configured = cluster.configuration?.executeCommandConfiguration ?? { logging: 'DEFAULT' };
  switch (configured.logging) {
    case 'NONE':
      return undefined;
    case 'OVERRIDE':
      return configured.logConfiguration.cloudWatchLogGroupName;
    case 'DEFAULT': {
      const { family, revision } = taskDefinition;
      const definition = reader.get(taskDefinitions, taskDefinitionKey(scope, family, revision));
      const { logConfiguration } =
        definition?.definition.containerDefinitions.find(({ name }) => name === containerName) ?? {};
      return logConfiguration?.logDriver === 'awslogs'
        ? logConfiguration.options?.['awslogs-group']
        : undefined;
    }
  }
}
