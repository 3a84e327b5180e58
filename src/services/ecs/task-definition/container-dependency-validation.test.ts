import { describe, test } from 'vitest';
import { expectRefusal, one, type Refused, two, unknown } from '../testing/definition-input.ts';

describe('dependencies are refused', () => {
  test.each<Refused>([
    [
      'with an unknown dependency',
      one({ dependsOn: [{ containerName: 'db', condition: 'START' }] }),
      "Cannot depend on container + 'db' because it does not exist",
    ],
    [
      'with an unknown condition',
      two({ dependsOn: [{ containerName: 'side', condition: unknown('READY') }] }, {}),
      /ContainerDependency\.condition/,
    ],
    [
      'with the end of an essential container awaited',
      two({ dependsOn: [{ containerName: 'side', condition: 'SUCCESS' }] }, {}),
      'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
    ],
    [
      'with health awaited that is not checked',
      two({ dependsOn: [{ containerName: 'side', condition: 'HEALTHY' }] }, {}),
      'A dependency container with HEALTHY condition must have health check configured',
    ],
    [
      'with containers that wait for each other',
      two(
        { dependsOn: [{ containerName: 'side', condition: 'START' }] },
        { volumesFrom: [{ sourceContainer: 'web' }] },
      ),
      /Circular dependency between containers: web, side/,
    ],
    [
      'with a container that waits for itself',
      one({ dependsOn: [{ containerName: 'web', condition: 'START' }] }),
      /Circular dependency/,
    ],
    [
      'with a link in awsvpc',
      two({ links: ['side'] }, {}, { networkMode: 'awsvpc' }),
      'Links are not supported when networkMode=awsvpc.',
    ],
    [
      'with a link to nothing',
      one({ links: ['db:db'] }),
      "Invalid 'links' setting. Unknown container: 'db'.",
    ],
    [
      'with volumes from nothing',
      one({ volumesFrom: [{ sourceContainer: 'db' }] }),
      "Invalid 'volumesFrom' setting. Unknown container: 'db'.",
    ],
    [
      'with volumes from a container without a name',
      one({ volumesFrom: [{ readOnly: true }] }),
      'VolumeFrom.sourceContainer should not be null or empty.',
    ],
    [
      'with the end of an essential container awaited, whatever its code',
      two({ dependsOn: [{ containerName: 'side', condition: 'COMPLETE' }] }, {}),
      'A dependency container with SUCCESS or COMPLETE condition cannot be an essential container',
    ],
    [
      'with a link in host mode',
      two({ links: ['side'] }, {}, { networkMode: 'host' }),
      'Links are not supported when networkMode=host.',
    ],
  ])('%s', expectRefusal);
});
