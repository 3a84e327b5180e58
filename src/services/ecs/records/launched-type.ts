/** What tasks run on in the end: `EC2` is any container instance of the installation's own. */
export type LaunchedType = 'EC2' | 'EXTERNAL' | 'FARGATE' | 'MANAGED_INSTANCES';
