import { hex, type Random } from '../../../clock/index.ts';

/** The host name of a service that ECS leads HTTPS to: `<the name's first two letters>-<32 digits>.ecs.<Region>.on.aws` */
export function endpointOf(name: string, region: string, random: Random): string {
  const letters = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return `${letters.slice(0, 2) || 'ex'}-${hex(random, 32)}.ecs.${region}.on.aws`;
}
