import { done, type Outcome } from '../../../reconcile/index.ts';
import { clusterWide, nodes } from '../collections.ts';
import type { Work } from '../controller.ts';
import type { Node } from '../node-fit.ts';
import { nodeResource } from '../node-resource.ts';
import type { Kept } from '../objects.ts';
import { isLostRace, withoutVersion } from '../writer.ts';
import { secondsOf, stepFor, ttlAnnotation } from './plan.ts';

/** Keeps on every node what the number of nodes asks for. */
export function nodeTtlSync(): (work: Work<Kept>) => Promise<Outcome> {
  const stepOf = new Map<string, number>();
  return async ({ key, reader, writer }) => {
    const present = [...reader.list(nodes, clusterWide(key, nodes))].map(({ value }) => value);
    const step = stepFor(present.length, stepOf.get(key) ?? 0);
    if (step === 0) stepOf.delete(key);
    else stepOf.set(key, step);
    const ttl = String(secondsOf(step));
    for (const node of present) {
      if (node.metadata.annotations?.[ttlAnnotation] === ttl) continue;
      try {
        await writer.change<Node>(nodeResource, node, ({ metadata, ...other }) => ({
          ...other,
          metadata: {
            ...withoutVersion(metadata),
            annotations: { ...metadata.annotations, [ttlAnnotation]: ttl },
          },
        }));
      } catch (error) {
        if (!isLostRace(error)) throw error;
      }
    }
    return done;
  };
}
