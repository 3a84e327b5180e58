import { memberOf, textOf } from '../objects/object.ts';
import {
  ageColumn,
  type Column,
  count,
  nameColumn,
  objects,
  spec,
  status,
  text,
  texts,
  truth,
} from './column.ts';

const unset = '<unset>';

/** By the resource's qualified name. */
export const storageColumns: Readonly<Record<string, readonly Column[]>> = {
  'csidrivers.storage.k8s.io': [
    nameColumn,
    truth('AttachRequired', (object) => spec(object).attachRequired !== false),
    truth('PodInfoOnMount', (object) => spec(object).podInfoOnMount === true),
    truth('StorageCapacity', (object) => spec(object).storageCapacity === true),
    text(
      'TokenRequests',
      (object) =>
        objects(spec(object), 'tokenRequests')
          .map((it) => textOf(it, 'audience'))
          .join(',') || unset,
    ),
    truth('RequiresRepublish', (object) => spec(object).requiresRepublish === true),
    text('Modes', (object) => texts(spec(object), 'volumeLifecycleModes').join(',') || '<none>'),
    ageColumn,
  ],
  'csinodes.storage.k8s.io': [
    nameColumn,
    count('Drivers', (object) => objects(spec(object), 'drivers').length),
    ageColumn,
  ],
  'csistoragecapacities.storage.k8s.io': [
    nameColumn,
    text('StorageClassName', (object) => textOf(object, 'storageClassName')),
    text('Capacity', (object) => textOf(object, 'capacity') || unset),
  ],
  'volumeattachments.storage.k8s.io': [
    nameColumn,
    text('Attacher', (object) => textOf(spec(object), 'attacher')),
    text('PV', (object) => textOf(memberOf(spec(object), 'source'), 'persistentVolumeName')),
    text('Node', (object) => textOf(spec(object), 'nodeName')),
    truth('Attached', (object) => status(object).attached === true),
    ageColumn,
  ],
  'volumeattributesclasses.storage.k8s.io': [
    nameColumn,
    text('DriverName', (object) => textOf(object, 'driverName')),
    ageColumn,
  ],
  'deviceclasses.resource.k8s.io': [nameColumn, ageColumn],
  'resourceclaimtemplates.resource.k8s.io': [nameColumn, ageColumn],
  'resourceclaims.resource.k8s.io': [
    nameColumn,
    text('State', (object) => {
      const isDeleted = object.metadata.deletionTimestamp !== undefined;
      const isAllocated = status(object).allocation !== undefined;
      return [
        ...(isDeleted ? ['deleted'] : []),
        ...(isAllocated ? ['allocated'] : isDeleted ? [] : ['pending']),
        ...(objects(status(object), 'reservedFor').length > 0 ? ['reserved'] : []),
      ].join(',');
    }),
    ageColumn,
  ],
  'resourceslices.resource.k8s.io': [
    nameColumn,
    text('Node', (object) => textOf(spec(object), 'nodeName') || unset),
    text('Driver', (object) => textOf(spec(object), 'driver')),
    text('Pool', (object) => textOf(memberOf(spec(object), 'pool'), 'name')),
    ageColumn,
  ],
};
