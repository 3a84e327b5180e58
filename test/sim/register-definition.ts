import type { RegisterTaskDefinitionCommandOutput } from '@aws-sdk/client-ecs';
import type { Random } from '../../src/clock/index.ts';
import type { Api } from './api.ts';
import { definition, fargateDefinition, networkOf, registriesOf } from './requests.ts';

/** A task definition, and what its network mode asks for at each launch. */
export interface Registered extends ReturnType<typeof networkOf> {
  readonly taskDefinition: string;
}

/** And what a service of it is found by. */
export type Discovered = Registered & ReturnType<typeof registriesOf>;

/** One that can be launched so; undefined when it was refused. */
export async function registerDefinition(
  api: Api,
  family: string,
  launchType: 'EC2' | 'FARGATE',
  random: Random,
): Promise<Registered | undefined> {
  const discovered = await registerServiceDefinition(api, family, launchType, random);
  if (discovered === undefined) return undefined;
  const { serviceRegistries: _registries, ...registered } = discovered;
  return registered;
}

/** The same for a service. */
export async function registerServiceDefinition(
  api: Api,
  family: string,
  launchType: 'EC2' | 'FARGATE',
  random: Random,
): Promise<Discovered | undefined> {
  const input = launchType === 'FARGATE' ? fargateDefinition(family, random) : definition(family, random);
  const answer = await api.ask('RegisterTaskDefinition', input);
  if (!('output' in answer)) return undefined;
  const { taskDefinition } = answer.output as RegisterTaskDefinitionCommandOutput;
  const arn = taskDefinition?.taskDefinitionArn ?? '';
  return { taskDefinition: arn, ...networkOf(input), ...registriesOf(input, arn) };
}
