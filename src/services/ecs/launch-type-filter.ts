import { invalidParameter } from './errors.ts';

const launchTypes = ['EC2', 'FARGATE', 'EXTERNAL', 'FMI', 'MANAGED_INSTANCES'];

/** The `launchType` by which a list is filtered; undefined for all. @throws InvalidParameterException */
export function readLaunchTypeFilter(launchType: string | undefined): string | undefined {
  if (launchType === undefined || launchTypes.includes(launchType)) return launchType;
  throw invalidParameter(`launch type should be one of [${launchTypes}]`);
}
