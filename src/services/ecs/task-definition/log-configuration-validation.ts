import {
  type ContainerDefinition,
  FirelensConfigurationType,
  type LogConfiguration,
  LogDriver,
} from '@aws-sdk/client-ecs';
import { clientError } from '../errors.ts';
import type { StoredTaskDefinition } from '../records.ts';
import { invalidSetting, requireOneOf, requireText } from './field-rules.ts';

/** Where containers' output goes, and the log router of FireLens. @throws ClientException */
export function validateLogging(definition: StoredTaskDefinition): void {
  const { containerDefinitions } = definition;
  for (const container of containerDefinitions) {
    if (container.logConfiguration !== undefined)
      validateLogConfiguration(container, container.logConfiguration);
    if (container.firelensConfiguration !== undefined) validateFirelens(container);
  }
  const routers = containerDefinitions.filter((container) => container.firelensConfiguration !== undefined);
  if (routers.length > 1)
    throw clientError('Only one container in a task definition can have a firelens configuration.');
  const needsRouter = containerDefinitions.some(
    (container) => container.logConfiguration?.logDriver === 'awsfirelens',
  );
  if (needsRouter && routers.length === 0)
    throw clientError(
      'When awsfirelens log driver is specified in log configuration, a firelens configuration object must be specified.',
    );
  const hasSecretOptions = containerDefinitions.some(
    (container) => (container.logConfiguration?.secretOptions ?? []).length > 0,
  );
  if (hasSecretOptions && definition.executionRoleArn === undefined)
    throw clientError(
      "When you are specifying log secrets, you must also specify a value for 'executionRoleArn'.",
    );
}

/** What a driver can't do without. */
const requiredOptions: Readonly<Record<string, readonly string[]>> = {
  awslogs: ['awslogs-region', 'awslogs-group'],
  splunk: ['splunk-token', 'splunk-url'],
};

/** @throws ClientException */
export function validateLogConfiguration(
  container: Pick<ContainerDefinition, 'name'>,
  configuration: LogConfiguration,
): void {
  const { logDriver = '', options = {}, secretOptions = [] } = configuration;
  const drivers: readonly string[] = Object.values(LogDriver);
  if (!drivers.includes(logDriver))
    throw clientError(`${logDriver} is not a valid log driver. Must be one of [${drivers.join(',')}]`);

  for (const secret of secretOptions) {
    requireText('Secret.name', secret.name);
    requireText('Secret.valueFrom', secret.valueFrom);
  }
  const given = new Set([...Object.keys(options), ...secretOptions.map((secret) => secret.name)]);
  const missing = (requiredOptions[logDriver] ?? []).filter((option) => !given.has(option));
  if (missing.length > 0)
    throw clientError(`Log driver ${logDriver} requires options: ${missing.join(', ')}`);
  if (given.has('awslogs-datetime-format') && given.has('awslogs-multiline-pattern'))
    throw invalidSetting(
      container.name,
      'You cannot configure both the awslogs-datetime-format and awslogs-multiline-pattern options.',
    );
  requireOneOf('awslogs-create-group', options['awslogs-create-group'], ['true', 'false']);
  requireOneOf('mode', options.mode, ['blocking', 'non-blocking']);
  const bufferSize = options['max-buffer-size'];
  if (bufferSize !== undefined && !/^\d{1,12}[bkmg]?b?$/i.test(bufferSize))
    throw invalidSetting(container.name, `Invalid max-buffer-size '${bufferSize}'.`);
}

function validateFirelens(container: ContainerDefinition): void {
  const { type, options = {} } = container.firelensConfiguration ?? {};
  requireOneOf('FirelensConfiguration.type', type, Object.values(FirelensConfigurationType));
  const known = ['enable-ecs-log-metadata', 'config-file-type', 'config-file-value'];
  for (const option of Object.keys(options)) requireOneOf('FirelensConfiguration.options', option, known);
  requireOneOf('enable-ecs-log-metadata', options['enable-ecs-log-metadata'], ['true', 'false']);
  requireOneOf('config-file-type', options['config-file-type'], ['s3', 'file']);
  const hasType = options['config-file-type'] !== undefined;
  const hasValue = (options['config-file-value'] ?? '') !== '';
  if (hasType !== hasValue)
    throw invalidSetting(
      container.name,
      'config-file-type and config-file-value must be specified together.',
    );
}
