import { hash } from 'node:crypto';
import type { Json } from '../../../store/index.ts';
import { pathOfApi } from '../../aggregation/api-services.ts';
import type { RemoteApis } from '../../aggregation/remote-apis.ts';
import type { Catalogue, GroupVersion, Resource } from '../../schema/catalogue.ts';
import { pathOf } from '../discovery.ts';
import { version2, version3 } from './dialect.ts';
import type { Documentation } from './documentation.ts';
import { pathsOf } from './paths.ts';
import { Schemas } from './schemas.ts';

/**
 * OpenAPI, made of the catalogue and the messages: what `kubectl explain` shows, and what `kubectl apply`, `--validate` and
 * programs that make clients go by. Version 3 is a document for each group and version, version 2 one for all.
 */
export interface Document {
  readonly text: string;
  readonly hash: string;
}

/** By the first of the resources that they describe, which are the same until a definition changes. */
const documents = new WeakMap<Resource, { readonly of: readonly Resource[]; readonly document: Document }>();

/** Where the documents of version 3 are. */
export function indexOf(
  { groups }: Catalogue,
  remoteApis: RemoteApis,
  documentation: Documentation,
): Document {
  const paths = groups
    .flatMap(({ versions }) => versions)
    .map((it): readonly [string, Json] => {
      const own = pathOf(it).slice(1);
      return [own, { serverRelativeURL: `/openapi/v3/${own}?hash=${documentOf(it, documentation).hash}` }];
    });
  // What another server describes is asked of it, by its own hash.
  const remote = remoteApis.all.flatMap((it): readonly (readonly [string, Json])[] => {
    const hash = remoteApis.told(it)?.openApi;
    const own = pathOfApi(it).slice(1);
    return hash === undefined ? [] : [[own, { serverRelativeURL: `/openapi/v3/${own}?hash=${hash}` }]];
  });
  return hashed({ paths: Object.fromEntries([...paths, ...remote]) });
}

/** Of a path such as `/openapi/v3/apis/apps/v1`; undefined: there is none. */
export function findDocument(
  { groups }: Catalogue,
  path: string,
  documentation: Documentation,
): Document | undefined {
  const found = groups.flatMap(({ versions }) => versions).find((it) => path === `/openapi/v3${pathOf(it)}`);
  return found && documentOf(found, documentation);
}

function documentOf(it: GroupVersion, documentation: Documentation): Document {
  const [first] = it.resources;
  const known = first === undefined ? undefined : documents.get(first);
  const isSame =
    known?.of.length === it.resources.length && known.of.every((own, at) => own === it.resources[at]);
  if (known !== undefined && isSame) return known.document;
  const schemas = new Schemas(version3, documentation);
  const paths = it.resources.flatMap((resource) => pathsOf(resource, pathOf(it), version3, schemas));
  const document = hashed({
    ...{ openapi: '3.0.0', info, paths: Object.fromEntries(paths) },
    components: { schemas: schemas.all() },
  });
  if (first !== undefined) documents.set(first, { of: it.resources, document });
  return document;
}

/** Of all groups and versions: a megabyte, which hardly anybody asks for. */
const whole = new WeakMap<Catalogue, Document>();

export function wholeDocument(catalogue: Catalogue, documentation: Documentation): Document {
  const known = whole.get(catalogue);
  if (known !== undefined) return known;
  const schemas = new Schemas(version2, documentation);
  const versions = catalogue.groups.flatMap((group) => group.versions);
  const paths = versions.flatMap((it) =>
    it.resources.flatMap((resource) => pathsOf(resource, pathOf(it), version2, schemas)),
  );
  const made = hashed({
    ...{ swagger: '2.0', info, paths: Object.fromEntries(paths), definitions: schemas.all() },
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  });
  whole.set(catalogue, made);
  return made;
}

const info = { title: 'Kubernetes', version: 'unversioned' };

function hashed(content: Json): Document {
  const text = JSON.stringify(content);
  return { text, hash: hash('sha256', text, 'hex').slice(0, 32).toUpperCase() };
}
