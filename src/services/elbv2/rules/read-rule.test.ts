import type {
  Action,
  AuthenticateOidcActionConfig,
  RuleCondition as GivenCondition,
  JwtValidationActionAdditionalClaim,
  JwtValidationActionConfig,
  RuleTransform,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readActions } from './read-action.ts';
import { readConditions } from './read-conditions.ts';
import { readTransforms } from './read-transforms.ts';
import { actionsView, actionView, ruleView } from './rule-view.ts';

const condition = (Field: string, ...Values: string[]): GivenCondition => ({ Field, Values });
const header = (HttpHeaderName: string, ...Values: string[]): GivenCondition => ({
  ...{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName, Values } },
});
const regex = (...RegexValues: string[]): GivenCondition => ({
  ...{ Field: 'path-pattern', PathPatternConfig: { RegexValues } },
});
const source = (...Values: string[]): GivenCondition => ({ Field: 'source-ip', SourceIpConfig: { Values } });
const method = (...Values: string[]): GivenCondition => ({
  ...{ Field: 'http-request-method', HttpRequestMethodConfig: { Values } },
});

describe('conditions', () => {
  it.each<[GivenCondition[], RegExp]>([
    [[], /^Conditions must be specified$/],
    [
      [condition('x', 'y')],
      /^Condition field 'x' must be one of '\[host-header, http-header, http-request-method, path-pattern, query-string, source-ip\]'$/,
    ],
    [[condition('path-pattern')], /^A condition value must be specified$/],
    [[condition('path-pattern', '')], /^A condition value must be specified$/],
    [
      [condition('path-pattern', `/${'a'.repeat(128)}`)],
      /^The 'path-pattern' value is too long; the limit is '128'$/,
    ],
    [[condition('path-pattern', '/a b')], /contains a character that is not valid/],
    [[condition('path-pattern', '/a'), condition('path-pattern', '/b')], /can only have one 'path-pattern'/],
    [[condition('host-header', 'localhost')], /must include at least one '\.'$/],
    [
      [condition('path-pattern', '/1', '/2', '/3', '/4', '/5', '/6')],
      /^A rule can only have '5' condition values$/,
    ],
    [[condition('path-pattern', '/******')], /^A rule can only have '5' condition wildcards$/],
    [[header('Host', 'x')], /use 'host-header'$/],
    [[header('X', 'a\r\nb')], /contains a character/],
    [[method('get')], /contains a character/],
    [[source('10.0.0.0')], /is not a valid CIDR block$/],
    [[source('10.0.0.0/33')], /is not a valid CIDR block$/],
    [[source('255.255.255.255/32')], /cannot be used$/],
    [
      [{ Field: 'path-pattern', Values: ['/a'], PathPatternConfig: { Values: ['/a'] } }],
      /cannot both be specified/,
    ],
    [[regex('a(?=b)')], /^The regular expression 'a\(\?=b\)' is not valid: lookaheads are not supported$/],
    [[regex('')], /^A condition value must be specified$/],
    [[regex()], /^A condition value must be specified$/],
    [[regex('a'.repeat(129))], /is too long; the limit is '128'$/],
    [[regex('1', '2', '3', '4', '5', '6')], /^A rule can only have '5' condition values$/],
    [[{ ...regex('a'), Values: ['/a'] }], /^Values and regex values cannot both be specified/],
    [[{ ...regex('a'), RegexValues: ['a'] }], /^Values and a configuration cannot both be specified/],
  ])('refuse %o', (given, message) => {
    expect(() => readConditions(given)).toThrow(message);
  });

  const word = fc.stringMatching(/^[a-z0-9]{1,10}$/);
  const values = fc.array(word, { minLength: 1, maxLength: 2 });
  const valid = fc.oneof(
    values.map((all) => condition('host-header', ...all.map((each) => `${each}.example`))),
    values.map((all) => condition('path-pattern', ...all.map((each) => `/${each}/*`))),
    fc.tuple(word, values).map(([name, all]) => header(name, ...all)),
    values.map((all) => regex(...all.map((each) => `^/${each}/(\\d+)$`))),
    values.map((RegexValues) => ({
      ...{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x', RegexValues } },
    })),
    values.map((RegexValues) => ({ Field: 'host-header', HostHeaderConfig: { RegexValues } })),
    values.map((all) => method(...all.map((each) => each.replace(/\d/g, 'x').toUpperCase()))),
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 31 })).map(([ip, length]) => source(`${ip}/${length}`)),
    fc.tuple(fc.option(word, { nil: undefined }), word).map(
      ([Key, Value]): GivenCondition => ({
        Field: 'query-string',
        QueryStringConfig: { Values: [{ ...(Key !== undefined && { Key }), Value }] },
      }),
    ),
  );

  it('that are shown can be given again, and come to the same', () => {
    fc.assert(
      fc.property(fc.array(valid, { minLength: 1, maxLength: 2 }), (given) => {
        fc.pre(new Set(given.map(({ Field }) => Field)).size === given.length);
        const conditions = readConditions(given);
        const [action] = [{ type: 'fixed-response', statusCode: 200 } as const];
        const { Conditions = [] } = ruleView({ id: '', arn: '', priority: 1, conditions, action, tags: {} });
        const again = Conditions.map(({ Values: _older, RegexValues: _also, ...newer }) => newer);
        expect(readConditions(again)).toEqual(conditions);
      }),
    );
  });

  it('never let through what ends a line, whatever is given', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (text) => {
        const tries = [
          condition('host-header', text),
          regex(text),
          condition('path-pattern', text),
          header('X', text),
          header(text, 'x'),
          method(text),
          source(text),
          { Field: 'query-string', QueryStringConfig: { Values: [{ Key: text, Value: text }] } },
        ];
        for (const given of tries) {
          const passed = passes(() => readConditions([given]));
          if (passed) expect(text).toMatch(/^[\x20-\x7e]*$/);
        }
      }),
    );
  });
});

const passes = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch {
    return false;
  }
};

describe('transforms', () => {
  const url = (Regex: string, Replace: string): RuleTransform => ({
    ...{ Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex, Replace }] } },
  });
  const rewrite = { Regex: 'a', Replace: 'b' };

  it.each<[RuleTransform[], RegExp]>([
    [[{ Type: 'x' as 'url-rewrite' }], /url-rewrite/],
    [[{ Type: 'url-rewrite' }], /^A rewrite must be specified/],
    [[{ Type: 'url-rewrite', HostHeaderRewriteConfig: { Rewrites: [rewrite] } }], /of another type$/],
    [[{ Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [rewrite, rewrite] } }], /only have one rewrite$/],
    [[url('a', 'b'), url('c', 'd')], /^A rule can only have one 'url-rewrite' transform$/],
    [[url('', 'b')], /^A regular expression must be specified/],
    [[url('a++', 'b')], /possessive quantifiers are not supported$/],
    [[url('(a)', '$2')], /the regular expression has no capture '\$2'$/],
    [[url('(a)', '$10')], /captures are written as '\$1' to '\$9'$/],
    [[url('(?<n>a)', '$<n>')], /captures are written as/],
    [[url('a', 'b\n')], /printable/],
    [[url('a', 'b'.repeat(1025))], /the limit is '1024'$/],
  ])('refuse %o', (given, message) => {
    expect(() => readTransforms(given)).toThrow(message);
  });

  it('are one of each kind', () => {
    const host: RuleTransform = {
      Type: 'host-header-rewrite',
      HostHeaderRewriteConfig: { Rewrites: [rewrite] },
    };
    expect(readTransforms([url('^/(.*)$', '/x/$1'), host])).toEqual({
      ...{ host: { regex: 'a', replace: 'b' }, url: { regex: '^/(.*)$', replace: '/x/$1' } },
    });
    expect(readTransforms([])).toBeUndefined();
  });
});

describe('actions', () => {
  const redirect = (more: object): Action[] => [
    { Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', ...more } },
  ];
  const respond = (more: object): Action[] => [
    { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', ...more } },
  ];
  const forward = (...weights: number[]): Action[] => [
    {
      Type: 'forward',
      ForwardConfig: {
        TargetGroups: weights.map((Weight, index) => ({ TargetGroupArn: `arn:${index}`, Weight })),
      },
    },
  ];

  const oidc = (more: Partial<AuthenticateOidcActionConfig> | undefined): Action[] => [
    {
      ...{ Type: 'authenticate-oidc', Order: 1 },
      ...(more && {
        AuthenticateOidcConfig: {
          Issuer: 'https://idp.example',
          AuthorizationEndpoint: 'https://idp.example/authorize',
          TokenEndpoint: 'https://idp.example/token',
          UserInfoEndpoint: 'https://idp.example/userinfo',
          ...{ ClientId: 'harbour', ClientSecret: 'secret' },
          ...more,
        },
      }),
    },
    ...forward(1).map((action) => ({ ...action, Order: 2 })),
  ];

  const jwt = (more: Partial<JwtValidationActionConfig> | undefined): Action[] => [
    {
      ...{ Type: 'jwt-validation', Order: 1 },
      ...(more && {
        JwtValidationConfig: { JwksEndpoint: 'https://idp.example/jwks', Issuer: 'idp', ...more },
      }),
    },
    ...forward(1).map((action) => ({ ...action, Order: 2 })),
  ];
  const claim = (
    Name: string,
    Format: JwtValidationActionAdditionalClaim['Format'],
    ...Values: string[]
  ): JwtValidationActionAdditionalClaim => ({ Name, Format, Values });

  it.each<[Action[], RegExp]>([
    [[], /^Actions must be specified$/],
    [[{ Type: 'forward' }], /^A target group ARN must be specified$/],
    [forward(1, 1, 1, 1, 1, 1), /at most '5' target groups$/],
    [forward(1000), /must be between '0' and '999'$/],
    [[...forward(1), ...respond({})], /can only have one action/],
    [redirect({}), /because it creates a loop\.$/],
    [redirect({ Query: 'a=b' }), /because it creates a loop\.$/],
    [redirect({ Path: 'x' }), /starting with '\/'$/],
    [redirect({ Port: '0' }), /between '1' and '65535'/],
    [redirect({ Protocol: 'FTP' }), /must be one of/],
    [redirect({ Host: 'x', Query: '?a' }), /without a leading '\?'$/],
    [redirect({ Path: '/#{query}' }), /without the placeholder '#\{query\}'$/],
    [redirect({ Path: '/a\r\nSet-Cookie:x' }), /control characters$/],
    [respond({ StatusCode: '302' }), /must be like 2XX, 4XX or 5XX$/],
    [respond({ ContentType: 'image/png' }), /must be one of/],
    [respond({ MessageBody: 'x'.repeat(1025) }), /is too long; the limit is '1024'$/],
    [
      [{ Type: 'authenticate-cognito', Order: 1 }],
      /^Actions of type authenticate-cognito \(use authenticate-oidc .*\) are not supported/,
    ],
    [jwt(undefined), /you must specify the following fields: 'JwtValidationConfig'$/],
    [
      jwt({ JwksEndpoint: 'http://idp.example/jwks' }),
      /^The 'jwks endpoint' field must be a valid HTTPS URL$/,
    ],
    [jwt({ Issuer: 'x'.repeat(257) }), /^The 'issuer' field must be between 1 and 256 characters in length$/],
    [
      jwt({ AdditionalClaims: Array(11).fill(claim('a', 'single-string', 'b')) }),
      /can have at most 10 claims$/,
    ],
    [jwt({ AdditionalClaims: Array(2).fill(claim('a', 'single-string', 'b')) }), /each claim only once$/],
    [
      jwt({ AdditionalClaims: [claim('exp', 'single-string', '1')] }),
      /^The claim 'exp' is validated by default/,
    ],
    [jwt({ AdditionalClaims: [claim('a', 'number' as never, '1')] }), /must be one of '\[single-string, /],
    [jwt({ AdditionalClaims: [claim('a', 'single-string', 'b', 'c')] }), /between 1 and 1 values$/],
    [jwt({ AdditionalClaims: [claim('a', 'string-array')] }), /between 1 and 10 values$/],
    [jwt({ AdditionalClaims: [claim('a', 'space-separated-values', 'b c')] }), /cannot include spaces$/],
    [oidc({}).slice(0, 1), /^The last action must be of type 'forward', 'redirect' or 'fixed-response'$/],
    [
      oidc({})
        .toReversed()
        .map((action, index) => ({ ...action, Order: index + 1 })),
      /^The last action must be/,
    ],
    [oidc({}).map(({ Order: _, ...action }) => action), /^An order must be specified for each action/],
    [oidc({}).map((action) => ({ ...action, Order: 1 })), /must have a different order$/],
    [[...oidc({}).slice(0, 1), ...oidc({})], /can only have one action of type 'authenticate-oidc'/],
    [oidc(undefined), /you must specify the following fields: 'AuthenticateOidcConfig'$/],
    [oidc({ ClientSecret: undefined }), /^You must specify a client secret$/],
    [oidc({ UseExistingClientSecret: true }), /^You cannot both specify a client secret and set Use/],
    [oidc({ ClientId: '' }), /^The 'client id' field must be between 1 and 1024 characters in length$/],
    [oidc({ Issuer: 'http://idp.example' }), /^The 'issuer' field must be a valid HTTPS URL$/],
    [oidc({ TokenEndpoint: 'idp.example/token' }), /^The 'token endpoint' field must be a valid HTTPS URL$/],
    [oidc({ UserInfoEndpoint: 'https://a:b@idp.example/' }), /must be a valid HTTPS URL$/],
    [oidc({ AuthorizationEndpoint: 'https://idp.example/a\r\nX: y' }), /cannot contain control characters$/],
    [oidc({ SessionTimeout: 0 }), /^The 'session timeout' field must be between 1 and 604800$/],
    [oidc({ SessionTimeout: 604_801 }), /^The 'session timeout' field must be between 1 and 604800$/],
    [oidc({ SessionCookieName: 'a;b' }), /a valid name of a cookie$/],
    [
      oidc({ OnUnauthenticatedRequest: 'ignore' as never }),
      /must be one of '\[deny, allow, authenticate\]'$/,
    ],
    [oidc({ AuthenticationRequestExtraParams: { state: 'x' } }), /cannot have the parameter 'state'$/],
    [
      oidc({
        AuthenticationRequestExtraParams: Object.fromEntries(Array.from('abcdefghijk', (x) => [x, x])),
      }),
      /can have at most 10 parameters$/,
    ],
    [
      forward(1).map((action) => ({ ...action, AuthenticateOidcConfig: {} as never })),
      /cannot be specified for an action/,
    ],
    [[{ Type: 'forward', RedirectConfig: { StatusCode: 'HTTP_301' } }], /cannot be specified for an action/],
  ])('refuse %o', (given, message) => {
    expect(() => readActions(given)).toThrow(message);
  });

  it('that are shown can be given again, and come to the same', () => {
    for (const given of [
      forward(1),
      forward(1, 0, 999),
      redirect({ Protocol: 'HTTPS', Port: '443' }),
      redirect({ Host: 'www.#{host}', Path: '/x/#{path}', Query: '#{query}&y' }),
      respond({ ContentType: 'text/plain', MessageBody: 'ahoy' }),
    ]) {
      const read = readActions(given);
      expect(readActions([actionView(read)])).toEqual(read);
    }
    const claims = [claim('scope', 'space-separated-values', 'a', 'b'), claim('aud', 'string-array', 'c')];
    const read = readActions(jwt({ AdditionalClaims: claims }));
    const { guard, ...rest } = read;
    if (guard?.type !== 'jwt-validation') throw new Error('It is read as something else');
    expect(readActions(actionsView({ ...rest, guard }))).toEqual(read);
  });
});
