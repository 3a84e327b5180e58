import { type ListenerPlan, type Rewrite, validHost, validUrl } from '../../../../balancing/index.ts';
import { errorAnswer } from './error-page.ts';
import { isRule } from './rules.ts';
import { argument, replacementText, searchExpression, word } from './words.ts';

/**
 * What rules make of a request before a target gets it, or the answer where that fails: `transformed` in HAProxy's
 * words. `txn.transform` says for the log how it went.
 */
export function transformLines({ rules }: ListenerPlan): string[] {
  return rules.flatMap(({ priority, action, transforms }) => {
    if (transforms === undefined || action.type !== 'forward') return [];
    const when = isRule(priority);
    return [
      `http-request set-var(txn.transform) str(TransformSuccess) if ${when}`,
      ...(transforms.host === undefined ? [] : hostLines(transforms.host, when)),
      ...(transforms.url === undefined ? [] : urlLines(transforms.url, when)),
    ];
  });
}

function hostLines(rewrite: Rewrite, when: string): string[] {
  return rewriteLines(when, {
    ...{
      subject: 'req.fhdr(host)',
      variable: 'host',
      rewrite,
      valid: validHost.source,
      failure: 'InvalidHost',
    },
    set: 'set-header Host',
  });
}

function urlLines(rewrite: Rewrite, when: string): string[] {
  return rewriteLines(when, {
    ...{ subject: 'pathq', variable: 'url', rewrite, valid: validUrl.source, failure: 'InvalidPath' },
    set: 'set-pathq',
  });
}

interface Rewriting {
  /** What of a request it rewrites. */
  readonly subject: string;
  readonly variable: 'host' | 'url';
  readonly rewrite: Rewrite;
  readonly valid: string;
  readonly failure: string;
  readonly set: string;
}

function rewriteLines(
  when: string,
  { subject, variable, rewrite, valid, failure, set }: Rewriting,
): string[] {
  const { regex, replace } = rewrite;
  const replaced = `${subject},regsub(${argument(searchExpression(regex))},${argument(replacementText(replace))})`;
  const after = `txn.${variable}After`;
  const isOther = `{ var(${after}) -m found } !{ var(${after}),strcmp(txn.${variable}Before) eq 0 }`;
  return [
    `http-request set-var(txn.${variable}Before) ${subject} if ${when}`,
    `http-request set-var(${after}) ${word(replaced)} if ${when}`,
    `http-request set-var(txn.transform) str(Transform${failure}) if ${when} ${isOther} !{ var(${after}) -m reg ${word(valid)} }`,
    `http-request return status 500 ${errorAnswer(500)} if ${when} { var(txn.transform) -m str Transform${failure} }`,
    `http-request ${set} %[var(${after})] if ${when} ${isOther}`,
  ];
}
