/** Everything that this process prints on standard error and standard output until `end`, and nobody sees. */
export function captureOutput(): { text(): string; end(): void } {
  const parts: string[] = [];
  const streams = [process.stderr, process.stdout] as const;
  const writes = streams.map((stream) => stream.write);
  for (const stream of streams) {
    stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
      parts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      const done = rest.find((one) => typeof one === 'function');
      if (done !== undefined) (done as () => void)();
      return true;
    }) as typeof stream.write;
  }
  return {
    text: () => parts.join(''),
    end() {
      for (const [at, stream] of streams.entries()) stream.write = writes[at] as typeof stream.write;
    },
  };
}
