import type { AcsRoleCredentials, AcsTask } from '../../protocols/index.ts';

/** Credentials of tasks' roles, in memory only. The control plane sends them anew before they expire, and after a restart. */
export class RoleCredentials {
  readonly #byId = new Map<string, AcsRoleCredentials>();

  put(credentials: AcsRoleCredentials): void {
    this.#byId.set(credentials.credentialsId, credentials);
  }

  /** As ACS delivered them with the task. */
  putAll(task: AcsTask): readonly AcsRoleCredentials[] {
    const sets = [task.roleCredentials, task.executionRoleCredentials].filter((set) => set !== undefined);
    for (const credentials of sets) this.put(credentials);
    return sets;
  }

  get(credentialsId: string): AcsRoleCredentials | undefined {
    return this.#byId.get(credentialsId);
  }

  removeAll(task: AcsTask): void {
    for (const set of [task.roleCredentials, task.executionRoleCredentials]) {
      if (set) this.#byId.delete(set.credentialsId);
    }
  }
}
