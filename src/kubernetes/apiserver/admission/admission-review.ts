import type { Json } from '../../../store/index.ts';
import { type Attributes, writtenKind } from './attributes.ts';

export const admissionGroup = 'admission.k8s.io';

/** What a webhook is asked: an `AdmissionReview` with its request. */
export function reviewOf(
  attributes: Attributes,
  object: Json | undefined,
  { uid, reviewVersion }: { readonly uid: string; readonly reviewVersion: string },
): Json {
  const { operation, resource, subresource, namespace, name, before, isDryRun, options, by } = attributes;
  const { group: apiGroup, version } = resource;
  const kind = writtenKind(attributes);
  const asked = { group: kind.group, version: kind.version, kind: kind.kind };
  const about = { group: apiGroup, version, resource: resource.name };
  const { requested = resource } = attributes;
  const own = writtenKind({ ...attributes, resource: requested });
  const requestKind = { group: own.group, version: own.version, kind: own.kind };
  const requestResource = { group: requested.group, version: requested.version, resource: requested.name };
  const isNamespace = apiGroup === '' && resource.name === 'namespaces';
  const within = namespace ?? (isNamespace ? name : '');
  const { username, uid: userId, groups, extra } = by.user;
  return {
    ...{ kind: 'AdmissionReview', apiVersion: `${admissionGroup}/${reviewVersion}` },
    request: {
      ...{ uid, kind: asked, resource: about },
      ...(subresource !== undefined && { subResource: subresource }),
      ...{ requestKind, requestResource },
      ...(subresource !== undefined && { requestSubResource: subresource }),
      ...(name !== '' && { name }),
      ...(within !== '' && { namespace: within }),
      operation,
      userInfo: {
        username,
        ...(userId !== undefined && { uid: userId }),
        ...(groups.length > 0 && { groups }),
        ...(extra !== undefined && { extra: extra as Json }),
      },
      object: object ?? null,
      oldObject: (before as unknown as Json | undefined) ?? null,
      ...{ dryRun: isDryRun, options },
    },
  };
}
