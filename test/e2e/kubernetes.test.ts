import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EKS } from '@aws-sdk/client-eks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation, waitFor } from './installation.ts';
import { fetchKubectl } from './kubectl.ts';

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'eks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** As people do it: the AWS CLI makes the cluster and its kubeconfig, and the real kubectl uses both. */
describe('an EKS cluster', () => {
  let installation: Installation;
  let kubectl: string;
  let kubeconfig: string;
  /** What `aws eks get-token` says, asked once: the CLI takes its time to start. */
  let token: readonly string[] = [];

  beforeAll(async () => {
    [kubectl, installation] = await Promise.all([fetchKubectl(), Installation.start()]);
    kubeconfig = join(installation.stateDirectory, 'kubeconfig');
  }, 180_000);
  afterAll(async () => {
    await installation?.[Symbol.asyncDispose]();
  });

  const aws = async (...args: string[]) => {
    const outcome = await installation.aws(...args);
    expect(outcome.code, `aws ${args.join(' ')}\n${outcome.stderr}`).toBe(0);
    return outcome;
  };

  /** What kubectl printed and how it ended. */
  function kubectlWith(
    ...args: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const env = {
      ...process.env,
      ...installation.environment,
      KUBECONFIG: kubeconfig,
      HOME: installation.stateDirectory,
    };
    return new Promise((resolve) => {
      execFile(kubectl, args, { env, timeout: 110_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }
  /** The CLI's waiters look every 30 seconds. */
  const state = (wanted: string) =>
    waitFor(`the cluster to be ${wanted}`, async () => {
      const eks = new EKS(installation.clientOptions());
      const status = await eks.describeCluster({ name: 'harbor' }).then(
        ({ cluster }) => cluster?.status,
        (error: Error) => error.name,
      );
      return status === wanted ? true : undefined;
    });
  const k = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectlWith(...token, ...args);
    expect(code, `kubectl ${args.join(' ')}\n${stderr}`).toBe(0);
    return stdout;
  };

  it('is made by the AWS CLI and answers kubectl', async () => {
    await aws('iam', 'create-role', '--role-name', 'harbor', '--assume-role-policy-document', trust);
    const subnets = [await installation.subnetId('a'), await installation.subnetId('b')];
    const { json } = await aws('sts', 'get-caller-identity');
    const { Account } = json as { Account: string };
    await aws(
      ...['eks', 'create-cluster', '--name', 'harbor', '--role-arn', `arn:aws:iam::${Account}:role/harbor`],
      ...['--resources-vpc-config', `subnetIds=${subnets.join(',')}`, '--kubernetes-version', '1.35'],
    );
    await state('ACTIVE');
    await aws('eks', 'update-kubeconfig', '--name', 'harbor', '--kubeconfig', kubeconfig);
    const namespaces = await k('get', 'ns', '--no-headers');
    expect(namespaces.split('\n').map((line) => line.split(/\s+/).slice(0, 2))).toEqual([
      ...[
        ['default', 'Active'],
        ['kube-node-lease', 'Active'],
        ['kube-public', 'Active'],
      ],
      ...[['kube-system', 'Active'], ['']],
    ]);
    const { json: credential } = await aws('eks', 'get-token', '--cluster-name', 'harbor');
    token = ['--token', (credential as { status: { token: string } }).status.token];
    expect(await k('auth', 'can-i', '*', '*')).toBe('yes\n');
  }, 300_000);

  it('changes while it runs', async () => {
    const serverVersion = async () => JSON.parse(await k('version', '-o', 'json')).serverVersion.minor;
    expect(await serverVersion()).toBe('35');
    const { json } = await aws(
      ...['eks', 'update-cluster-version', '--name', 'harbor', '--kubernetes-version', '1.36'],
    );
    const { update } = json as { update: { id: string; type: string } };
    expect(update).toMatchObject({ type: 'VersionUpdate', status: 'InProgress' });
    await state('ACTIVE');
    const described = await aws('eks', 'describe-update', '--name', 'harbor', '--update-id', update.id);
    expect(described.json).toMatchObject({ update: { status: 'Successful' } });
    expect(await serverVersion()).toBe('36');

    const reachable = (cidrs: string) =>
      aws(
        ...['eks', 'update-cluster-config', '--name', 'harbor'],
        ...['--resources-vpc-config', `publicAccessCidrs=${cidrs}`],
      );
    await reachable('203.0.113.0/24');
    await state('ACTIVE');
    expect((await kubectlWith(...token, 'get', 'ns')).code).toBe(1);
    await reachable('0.0.0.0/0');
    await state('ACTIVE');
    expect(await k('get', 'ns', 'default', '-o', 'name')).toBe('namespace/default\n');
    expect((await aws('eks', 'list-nodegroups', '--cluster-name', 'harbor')).json).toEqual({
      nodegroups: [],
    });
  }, 300_000);

  it('takes what kubectl creates, applies, changes and deletes', async () => {
    expect(await k('create', 'configmap', 'settings', '--from-literal=depth=12')).toBe(
      'configmap/settings created\n',
    );
    expect(await k('get', 'cm', 'settings', '-o', 'yaml')).toContain('  depth: "12"');
    const manifest = join(installation.stateDirectory, 'web.yaml');
    const deployment = (image: string) =>
      writeFile(
        manifest,
        [
          'apiVersion: apps/v1',
          'kind: Deployment',
          'metadata: {name: web}',
          'spec:',
          '  selector: {matchLabels: {app: web}}',
          '  template:',
          '    metadata: {labels: {app: web}}',
          `    spec: {containers: [{name: web, image: "${image}"}]}`,
        ].join('\n'),
      );
    await deployment('nginx:1.28');
    expect(await k('apply', '-f', manifest)).toBe('deployment.apps/web created\n');
    expect(await k('apply', '-f', manifest)).toBe('deployment.apps/web unchanged\n');
    await deployment('nginx:1.29');
    expect(await k('apply', '-f', manifest)).toBe('deployment.apps/web configured\n');
    expect(await k('get', 'deploy', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')).toBe(
      'nginx:1.29',
    );
    expect(await k('scale', 'deploy/web', '--replicas=3')).toBe('deployment.apps/web scaled\n');
    // How many pods of its own a rollout makes meanwhile is its controller's; none of them runs.
    const [name, ready, , available] = (await k('get', 'deploy', '--no-headers')).split(/\s+/);
    expect([name, ready, available]).toEqual(['web', '0/3', '0']);
    expect(await k('explain', 'deployment.spec.strategy.type')).toContain('FIELD: type <string>');
    expect(await k('explain', 'pod.spec.containers')).toContain(
      'DESCRIPTION:\n    List of containers belonging to the pod.',
    );
    expect(await k('explain', 'deployment', '--recursive')).toContain('initContainers\t<[]Container>');
    expect(await k('describe', 'deploy', 'web')).toContain('RollingUpdateStrategy:  25% max unavailable');
    expect(await k('delete', '-f', manifest)).toContain('deployment.apps "web" deleted');
    const gone = await kubectlWith(...token, 'get', 'deploy', 'web');
    expect([gone.code, gone.stderr]).toEqual([
      1,
      'Error from server (NotFound): deployments.apps "web" not found\n',
    ]);
  });

  it('takes custom resources, explained, validated, edited and scaled by their definition', async () => {
    const definition = join(installation.stateDirectory, 'definition.yaml');
    await writeFile(
      definition,
      [
        'apiVersion: apiextensions.k8s.io/v1',
        'kind: CustomResourceDefinition',
        'metadata: {name: crontabs.stable.example.com}',
        'spec:',
        '  group: stable.example.com',
        '  scope: Namespaced',
        '  names: {plural: crontabs, singular: crontab, kind: CronTab, shortNames: [ct]}',
        '  versions:',
        '  - name: v1',
        '    served: true',
        '    storage: true',
        '    subresources: {scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}',
        '    additionalPrinterColumns: [{name: Spec, type: string, jsonPath: .spec.cronSpec}]',
        '    schema:',
        '      openAPIV3Schema:',
        '        type: object',
        '        properties:',
        '          spec:',
        '            type: object',
        '            x-kubernetes-validations: [{rule: "self.replicas < 10", message: too many}]',
        '            properties:',
        '              cronSpec: {type: string, description: When it runs.}',
        '              replicas: {type: integer, default: 1}',
        '          status: {type: object, properties: {replicas: {type: integer}}}',
      ].join('\n'),
    );
    await k('apply', '-f', definition);
    await k('wait', '--for=condition=Established', 'crd/crontabs.stable.example.com', '--timeout=100s');
    const manifest = join(installation.stateDirectory, 'crontab.yaml');
    const crontab = (spec: string) =>
      writeFile(
        manifest,
        `{apiVersion: stable.example.com/v1, kind: CronTab, metadata: {name: mine}, spec: {${spec}}}`,
      );
    await crontab('cronSpec: "* * * * */5"');
    expect(await k('apply', '-f', manifest)).toBe('crontab.stable.example.com/mine created\n');
    expect((await k('get', 'ct')).split('\n')[0]).toMatch(/^NAME +SPEC$/);
    expect(await k('explain', 'crontab.spec.cronSpec')).toContain('When it runs.');
    await crontab('color: red');
    const unknown = await kubectlWith(...token, 'apply', '-f', manifest);
    expect(unknown.stderr).toContain('unknown field "spec.color"');
    await crontab('replicas: 12');
    const refused = await kubectlWith(...token, 'apply', '-f', manifest);
    expect(refused.stderr).toBe('The CronTab "mine" is invalid: spec: Invalid value: "object": too many\n');
    expect(await k('scale', 'ct/mine', '--replicas=5')).toBe('crontab.stable.example.com/mine scaled\n');
    expect(await k('get', 'ct', 'mine', '-o', 'jsonpath={.spec.replicas} {.metadata.generation}')).toBe(
      '5 2',
    );
    await k('delete', '-f', definition);
    expect((await kubectlWith(...token, 'get', 'ct')).code).toBe(1);
  });

  it('sends protobuf, and deletes a namespace with what is in it', async () => {
    expect(await k('create', 'namespace', 'team')).toBe('namespace/team created\n');
    expect(await k('-n', 'team', 'run', 'probe', '--image=busybox', '--restart=Never')).toBe(
      'pod/probe created\n',
    );
    expect(
      await k('-n', 'team', 'get', 'po', 'probe', '-o', 'jsonpath={.spec.restartPolicy} {.status.phase}'),
    ).toBe('Never Pending');
    expect(await k('delete', 'ns', 'team')).toBe('namespace "team" deleted\n');
    expect((await kubectlWith(...token, 'get', 'ns', 'team')).stderr).toContain(
      'namespaces "team" not found',
    );
  });

  it('keeps what it has through kill -9, and goes with delete-cluster', async () => {
    await installation.kill9();
    await installation.up();
    await state('ACTIVE');
    expect(await k('get', 'cm', 'settings', '-o', 'jsonpath={.data.depth}')).toBe('12');
    await aws('eks', 'delete-cluster', '--name', 'harbor');
    await state('ResourceNotFoundException');
    expect((await kubectlWith(...token, 'get', 'ns')).code).toBe(1);
  }, 300_000);
});
