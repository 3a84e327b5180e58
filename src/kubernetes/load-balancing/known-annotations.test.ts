import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bindingSpec } from './bindings/definition.ts';
import { paramsSpec } from './class-params/definition.ts';
import { type KnownAnnotations, ofIngresses, ofServices } from './known-annotations.ts';

const rewrite = 'CATAMARAN_WRITE=1 ./catamaran test --only unit load-balancing/known-annotations';
const page = fileURLToPath(new URL('../../../docs/load-balancer-annotations.md', import.meta.url));

/** What the room reads, as it stands in its files. */
const folder = fileURLToPath(new URL('.', import.meta.url));
const source = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.startsWith('known-annotations'))
  .map((name) => readFileSync(folder + name, 'utf8'))
  .join('\n');

function rows({ honoured, refused }: KnownAnnotations): string {
  const states = [
    ...Object.entries(honoured).map(([name, limit]) => [name, `honoured${limit && `, ${limit}`}`] as const),
    ...Object.entries(refused).map(([name, why]) => [name, `refused: ${why}`] as const),
  ];
  const sorted = states.toSorted(([one], [other]) => (one < other ? -1 : 1));
  const shown = (name: string): string => (/[.-]$/.test(name) ? `${name}…` : name);
  return sorted.map(([name, state]) => `| \`${shown(name)}\` | ${state} |`).join('\n');
}

interface Spec {
  readonly properties: object;
  readonly 'x-kubernetes-validations': readonly { readonly message: string }[];
}

/** Of the `spec` of a kind. */
function fields({ properties, 'x-kubernetes-validations': rules }: Spec): string {
  const refused = new Map(
    rules.flatMap(({ message }) => {
      const [, name, value] = /^spec\.(\w+)(?:: (\w+))? is not supported/.exec(message) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
  );
  const state = (name: string): string => {
    if (!refused.has(name)) return 'honoured';
    const value = refused.get(name);
    return value === undefined ? 'refused' : `honoured, but not \`${value}\``;
  };
  return Object.keys(properties)
    .toSorted()
    .map((name) => `| \`${name}\` | ${state(name)} |`)
    .join('\n');
}

const wanted = (): string => `# Annotations of load balancers

What the AWS Load Balancer Controller documents of Ingresses, Services and TargetGroupBindings, and what becomes of it here. What is refused is told by an event
of the object with the annotation's name, and nothing is made. Made from \`src/kubernetes/load-balancing/known-annotations.ts\`.

## Ingresses

After \`alb.ingress.kubernetes.io/\`; those of target groups, health checks and signing in are read of Services as well, which go before their Ingress.

| annotation | state |
| --- | --- |
${rows(ofIngresses)}

## Services

After \`service.beta.kubernetes.io/aws-load-balancer-\`; \`service.beta.kubernetes.io/load-balancer-source-ranges\` is honoured too. A port of TCP and UDP has one
listener without \`enable-tcp-udp-listener\`.

| annotation | state |
| --- | --- |
${rows(ofServices)}

## TargetGroupBindings

| field of \`spec\` | state |
| --- | --- |
${fields(bindingSpec)}

## IngressClassParams

They say for all Ingresses of a class what annotations say for one, and go before these; tags and attributes are joined.

| field of \`spec\` | state |
| --- | --- |
${fields(paramsSpec)}
`;

describe('the annotations that are known', () => {
  it('are what docs/load-balancer-annotations.md says', () => {
    if (process.env.CATAMARAN_WRITE === '1') writeFileSync(page, wanted());
    expect(readFileSync(page, 'utf8'), `This rewrites it:\n${rewrite}`).toBe(wanted());
  });

  it.each([
    ['Ingresses', ofIngresses],
    ['Services', ofServices],
  ])('are read, those of %s', (_, { honoured }: KnownAnnotations) => {
    const unread = Object.keys(honoured).filter((name) => !new RegExp(`['\`]${name}`).test(source));
    expect(unread).toEqual([]);
  });

  it('are all that is read', () => {
    const read = [
      ...source.matchAll(/\.(?:text|oneOf|integer|flag|list|pairs|json)\(\s*['`]([a-z][\w.-]*)/g),
    ].map(([, name]) => name);
    const known = new Set<string | undefined>([
      ...Object.keys(ofIngresses.honoured),
      ...Object.keys(ofServices.honoured),
    ]);
    expect(read.length).toBeGreaterThan(40);
    expect(read.filter((name) => !known.has(name) && name !== 'load-balancer-source-ranges')).toEqual([]);
  });
});
