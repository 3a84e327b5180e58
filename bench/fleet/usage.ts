/** Answers each message of the parent with what this process has used until then. */
export function reportUsage(): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ rssMiB: process.memoryUsage().rss / 1_048_576, cpuSeconds: (user + system) / 1e6 });
  });
}
