/** What the definitions of kinds of the AWS Load Balancer Controller are made of. */
export const text = { type: 'string' } as const;

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
};

/** A rule that refuses a field, or a value of it (`field: value`), that is not here. */
export const unsupported = (field: string, rule: string) => ({
  rule,
  message: `spec.${field} is not supported by this version of Catamaran yet`,
});

export const column = (name: string, jsonPath: string, more: object = {}) => ({
  ...{ name, jsonPath, type: 'string' },
  ...more,
});
