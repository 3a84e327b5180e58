/** What schemas of the definitions that Catamaran brings along are made of. */
export const text = { type: 'string' } as const;

/** A LabelSelector of apimachinery. */
export const labelSelector = {
  type: 'object',
  properties: {
    matchLabels: { type: 'object', additionalProperties: text },
    matchExpressions: {
      type: 'array',
      items: {
        ...{ type: 'object', required: ['key', 'operator'] },
        properties: { key: text, operator: text, values: { type: 'array', items: text } },
      },
    },
  },
} as const;
