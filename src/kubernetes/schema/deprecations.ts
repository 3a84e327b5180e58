import { apiVersionOf, qualifiedName, type Resource } from './catalogue.ts';

/** What is told of built-in kinds that are on their way out, by their versions (upstream's `prerelease-lifecycle-gen` tags). */
const deprecations: Readonly<Record<string, string>> = {
  'v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
  'v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

/** What whoever uses a resource is warned of; undefined: it is there to stay. */
export const deprecationOf = (resource: Resource): string | undefined =>
  resource.custom === undefined
    ? deprecations[`${apiVersionOf(resource)}/${qualifiedName(resource)}`]
    : resource.custom.deprecationWarning;
