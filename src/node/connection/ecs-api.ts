import {
  type Attribute,
  CreateClusterCommand,
  DiscoverPollEndpointCommand,
  ECSClient,
  GetTaskProtectionCommand,
  ListTagsForResourceCommand,
  RegisterContainerInstanceCommand,
  type Resource,
  SubmitTaskStateChangeCommand,
  type Tag,
  UpdateTaskProtectionCommand,
} from '@aws-sdk/client-ecs';
import type { AgentCredentials } from '../agent-credentials.ts';
import type { TaskName, TaskProtectionResult, WantedProtection } from '../metadata/task-protection.ts';
import { given } from '../reading.ts';
import type { TaskReport } from '../reports/next-report.ts';

/** What is needed of the SDK's client. */
export type EcsClient = Pick<ECSClient, 'send' | 'destroy'>;

/** The SDK's client over HTTP, as agents use it: one attempt for each call, bounded in time. */
export function httpClient(options: {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AgentCredentials;
}): EcsClient {
  return new ECSClient({
    ...options,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 30_000, connectionTimeout: 3_000, throwOnRequestTimeout: true },
  });
}

/** The ECS operations of an agent, one attempt each: when to try again is for the caller to say. */
export class EcsApi implements Disposable {
  readonly #client: EcsClient;

  /** @param client Its own: it is destroyed with this. */
  constructor(client: EcsClient) {
    this.#client = client;
  }

  /** @returns the instance's ARN and its attributes as the control plane has them. */
  async registerContainerInstance(
    input: {
      readonly cluster: string;
      readonly containerInstanceArn?: string;
      readonly attributes: Attribute[];
      readonly totalResources: Resource[];
      readonly instanceIdentityDocument: string;
      /** The same token again is the same instance again. A member that the SDK does not know. */
      readonly clientToken: string;
    },
    abortSignal: AbortSignal,
  ): Promise<{ readonly containerInstanceArn: string; readonly attributes: readonly Attribute[] }> {
    const sent = { ...input, instanceIdentityDocumentSignature: '' };
    const command = new RegisterContainerInstanceCommand(sent);
    command.middlewareStack.add(
      (next) => (args) => {
        withMember(args.request, 'clientToken', input.clientToken);
        return next(args);
      },
      { step: 'build', priority: 'high', name: 'clientToken' },
    );
    const { containerInstance } = await this.#client.send(command, { abortSignal });
    if (!containerInstance?.containerInstanceArn) {
      throw new Error('RegisterContainerInstance answered without a containerInstanceArn');
    }
    return {
      containerInstanceArn: containerInstance.containerInstanceArn,
      attributes: containerInstance.attributes ?? [],
    };
  }

  async createCluster(clusterName: string, abortSignal: AbortSignal): Promise<void> {
    await this.#client.send(new CreateClusterCommand({ clusterName }), { abortSignal });
  }

  async discoverPollEndpoint(
    cluster: string,
    containerInstance: string,
    abortSignal: AbortSignal,
  ): Promise<{ readonly endpoint: string; readonly telemetryEndpoint: string }> {
    const output = await this.#client.send(new DiscoverPollEndpointCommand({ cluster, containerInstance }), {
      abortSignal,
    });
    const { endpoint, telemetryEndpoint } = output;
    if (!endpoint || !telemetryEndpoint) {
      throw new Error('DiscoverPollEndpoint answered without endpoint or telemetryEndpoint');
    }
    return { endpoint, telemetryEndpoint };
  }

  async submitTaskStateChange(report: TaskReport, abortSignal: AbortSignal): Promise<void> {
    const command = new SubmitTaskStateChangeCommand(
      given({
        cluster: report.clusterArn,
        task: report.taskArn,
        status: report.status,
        reason: report.reason?.slice(0, 1024),
        containers: report.containers.map((container) =>
          given({
            containerName: container.name,
            status: container.status,
            runtimeId: container.runtimeId,
            exitCode: container.exitCode,
            reason: container.reason?.slice(0, 1024),
            imageDigest: container.imageDigest,
            networkBindings: container.networkBindings.map((binding) => ({ ...binding })),
          }),
        ),
        managedAgents: report.managedAgents?.map(({ container, status }) => ({
          containerName: container,
          managedAgentName: 'ExecuteCommandAgent' as const,
          status,
        })),
        attachments: report.attachmentArn
          ? [{ attachmentArn: report.attachmentArn, status: 'ATTACHED' }]
          : undefined,
        pullStartedAt: dateOf(report.pullStartedAtMs),
        pullStoppedAt: dateOf(report.pullStoppedAtMs),
        executionStoppedAt: dateOf(report.executionStoppedAtMs),
      }),
    );
    await this.#client.send(command, { abortSignal });
  }

  async listTagsForResource(resourceArn: string): Promise<readonly Tag[]> {
    const { tags } = await this.#client.send(new ListTagsForResourceCommand({ resourceArn }));
    return tags ?? [];
  }

  async getTaskProtection({ clusterArn, taskArn }: TaskName): Promise<TaskProtectionResult> {
    return this.#client.send(new GetTaskProtectionCommand({ cluster: clusterArn, tasks: [taskArn] }));
  }

  async updateTaskProtection(
    { clusterArn, taskArn }: TaskName,
    wanted: WantedProtection,
  ): Promise<TaskProtectionResult> {
    return this.#client.send(
      new UpdateTaskProtectionCommand({ ...wanted, cluster: clusterArn, tasks: [taskArn] }),
    );
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

/** Adds to a request's JSON body what the SDK's serializer leaves out. */
function withMember(request: unknown, name: string, value: string): void {
  if (typeof request !== 'object' || request === null || !('body' in request)) return;
  const { body } = request;
  // The SDK's bytes warn on stderr when they are asked for themselves as text.
  const text = body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);
  request.body = JSON.stringify({ ...JSON.parse(text), [name]: value });
}

const dateOf = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
