import * as client from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { builtInCatalogue } from './catalogue.ts';
import { allMessages, messageNamed, textListMessages } from './messages.ts';

/** The official client's classes: what it knows of each kind's members. */
interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[];
}

const isModel = (it: unknown): it is Model => typeof it === 'function' && 'getAttributeTypeMap' in it;
const models = new Map<string, Model>();
for (const [name, it] of Object.entries(client)) if (isModel(it)) models.set(name, it);

/** `V1Pod`, `CoreV1Event`, of which messages that is. */
function messagesOf(model: string): readonly string[] {
  const [, group = '', version = '', name = ''] = /^([A-Z][a-z]+)?V(\d+)([A-Z]\w*)$/.exec(model) ?? [];
  if (name === '') return [];
  return allMessages().filter(
    (message) =>
      message.endsWith(`.v${version}.${name}`) &&
      (group === '' || message.includes(`.${group.toLowerCase()}.`)),
  );
}

describe('the catalogue', () => {
  it('has the members that the official client has, of each kind and all that is in it', () => {
    const [compared, wrong]: [string[], unknown[]] = [[], []];
    for (const [name, model] of models) {
      const [message, ...others] = messagesOf(name);
      if (message === undefined || others.length > 0) continue;
      const own = [...messageNamed(message).fields.values()].map(
        ({ name: field, isList, type }) =>
          `${field}${isList || (type.kind === 'message' && textListMessages.includes(type.message)) ? '[]' : ''}`,
      );
      const theirs = model
        .getAttributeTypeMap()
        .map(({ baseName, type }) => `${baseName}${type.startsWith('Array<') ? '[]' : ''}`);
      const typeOf = new Set(['apiVersion', 'kind']);
      const unlike = [
        ...own.filter((it) => !theirs.includes(it)),
        ...theirs.filter((it) => !own.includes(it) && !typeOf.has(it)),
      ].filter((it) => !typeOf.has(it));
      if (unlike.length > 0) wrong.push({ message, unlike });
      compared.push(name);
    }
    expect(wrong).toEqual([]);
    expect(compared.length).toBeGreaterThan(400);
  });

  it('has every kind that the official client lists', () => {
    const served = new Set(
      builtInCatalogue.resources.map(({ version, kind, group }) =>
        kind === 'Event' ? `${group === '' ? 'Core' : 'Events'}V1Event` : `${version.toUpperCase()}${kind}`,
      ),
    );
    const listed = [...models.keys()]
      .filter((name) => /^(Core|Events)?V[12][A-Z]\w*List$/.test(name) && !/API(Group|Resource)/.test(name))
      .map((name) => name.slice(0, -'List'.length));
    expect(listed.filter((name) => !served.has(name))).toEqual([]);
  });
});
