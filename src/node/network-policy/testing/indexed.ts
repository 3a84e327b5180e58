import type { PolicyPod } from '../objects.ts';
import { policyOf } from '../policy.ts';
import { PolicyIndex } from '../policy-index.ts';
import { podFacts } from '../policy-pods.ts';
import type { World } from './literal-reading.ts';

export function indexOf({ namespaces, pods, policies }: World): PolicyIndex {
  const index = new PolicyIndex();
  for (const { name, labels } of namespaces) index.putNamespace(name, labels);
  for (const each of policies)
    index.putPolicy(`${each.metadata.namespace}/${each.metadata.name}`, policyOf(each));
  for (const pod of pods) putPod(index, pod);
  return index;
}

export function putPod(index: PolicyIndex, pod: PolicyPod): void {
  index.putPod(pod.metadata.uid ?? '', podFacts(pod));
}
