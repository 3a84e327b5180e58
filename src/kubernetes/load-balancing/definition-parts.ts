/** A rule that refuses a field, or a value of it (`field: value`), that is not here. */
export const unsupported = (field: string, rule: string) => ({
  rule,
  message: `spec.${field} is not supported by this version of Catamaran yet`,
});

export const column = (name: string, jsonPath: string, more: object = {}) => ({
  ...{ name, jsonPath, type: 'string' },
  ...more,
});
