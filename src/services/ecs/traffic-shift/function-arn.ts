/** What Lambda's Invoke API calls a function. */
export interface NamedFunction {
  readonly name: string;
  /** A version or an alias. */
  readonly qualifier?: string;
}

/** Undefined: it is not a function's ARN. */
export function functionOf(arn: string): NamedFunction | undefined {
  const pattern =
    /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:([A-Za-z0-9_-]{1,64})(?::(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/;
  const [, name, qualifier] = pattern.exec(arn) ?? [];
  if (name === undefined) return undefined;
  return qualifier === undefined ? { name } : { name, qualifier };
}
