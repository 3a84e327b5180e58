import type {
  RegisterTaskDefinitionCommandInput,
  RegisterTaskDefinitionCommandOutput,
} from '@aws-sdk/client-ecs';
import type { Random } from '../../src/clock/index.ts';
import type { Api } from './api.ts';
import { balancedDefinition, definition, exposureOf, fargateDefinition, networkOf } from './requests.ts';

/** A task definition, and what its network mode asks for at each launch. */
export interface Registered extends ReturnType<typeof networkOf> {
  readonly taskDefinition: string;
}

/** And what a service of it is found by. */
export type RegisteredForService = Registered & ReturnType<typeof exposureOf>;

/** One that can be launched so; undefined when it was refused. */
export function registerDefinition(
  api: Api,
  family: string,
  launchType: 'EC2' | 'FARGATE',
  random: Random,
): Promise<Registered | undefined> {
  return register(api, drawn(family, launchType, random));
}

export async function registerServiceDefinition(
  api: Api,
  family: string,
  { launchType, isBalanced }: { readonly launchType: 'EC2' | 'FARGATE'; readonly isBalanced: boolean },
  random: Random,
): Promise<RegisteredForService | undefined> {
  const plain = drawn(family, launchType, random);
  const input = isBalanced ? balancedDefinition(plain) : plain;
  const exposure = exposureOf(input, isBalanced, random);
  const registered = await register(api, input);
  return registered && { ...registered, ...exposure };
}

const drawn = (family: string, launchType: 'EC2' | 'FARGATE', random: Random) =>
  launchType === 'FARGATE' ? fargateDefinition(family, random) : definition(family, random);

async function register(
  api: Api,
  input: RegisterTaskDefinitionCommandInput,
): Promise<Registered | undefined> {
  const answer = await api.ask('RegisterTaskDefinition', input);
  if (!('output' in answer)) return undefined;
  const { taskDefinition } = answer.output as RegisterTaskDefinitionCommandOutput;
  return { taskDefinition: taskDefinition?.taskDefinitionArn ?? '', ...networkOf(input) };
}
