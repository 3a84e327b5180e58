/** A `WebhookClientConfig`: of an admission webhook or of a CustomResourceDefinition's conversion. */
export type WebhookClientConfig =
  | { readonly url: string; readonly caBundle: string }
  | {
      readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
      /** Begins with `/`. */
      readonly path: string;
      readonly caBundle: string;
    };
