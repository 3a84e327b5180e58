import {
  boundByController,
  type Claim,
  isFor,
  selectedNode,
  type Volume,
} from '../controllers/volumes/objects.ts';
import { isLostRace, type Writer, withoutVersion } from '../controllers/writer.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { VolumeStep } from './volumes.ts';

const claimResource = resourceNamed('', 'persistentvolumeclaims');
const volumeResource = resourceNamed('', 'persistentvolumes');

/**
 * Says which volumes are a pod's, and for which node others are to be made; who binds and makes them does the rest.
 * @returns false: something has changed meanwhile, so that all is to be decided anew.
 */
export async function prepareVolumes(
  writer: Writer,
  nodeName: string,
  steps: readonly VolumeStep[],
): Promise<boolean> {
  try {
    for (const { claim, volume } of steps)
      if (volume === undefined) await chooseNode(writer, claim, nodeName);
      else if (!(await give(writer, volume, claim))) return false;
    return true;
  } catch (error) {
    if (isLostRace(error)) return false;
    throw error;
  }
}

async function chooseNode(writer: Writer, claim: Claim, nodeName: string): Promise<void> {
  if (claim.metadata.annotations?.[selectedNode] === nodeName) return;
  await writer.change<Claim>(claimResource, claim, (present) => {
    const metadata = withoutVersion(present.metadata);
    const annotations = { ...metadata.annotations, [selectedNode]: nodeName };
    return { ...present, metadata: { ...metadata, annotations } };
  });
}

/** @returns false: somebody else has it by now. */
async function give(writer: Writer, volume: Volume, claim: Claim): Promise<boolean> {
  const { namespace = '', name, uid } = claim.metadata;
  let isOwn = true;
  await writer.change<Volume>(volumeResource, volume, (present) => {
    const metadata = withoutVersion(present.metadata);
    const { claimRef } = present.spec;
    isOwn = claimRef === undefined || isFor(present, claim);
    if (!isOwn || claimRef?.uid === uid) return present;
    return {
      ...present,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [boundByController]: 'yes' } },
      spec: {
        ...present.spec,
        claimRef: { ...{ kind: 'PersistentVolumeClaim', apiVersion: 'v1' }, ...{ namespace, name, uid } },
      },
    };
  });
  return isOwn;
}
