import type { Progress } from '../ingest/parts.ts';

const barWidth = 30;
const words = { read: 'reading', apply: 'applying', publish: 'publishing' } as const;

/** Progress on standard error: a bar on a terminal, nothing elsewhere (the plain lines are the command's own). */
export function progressBar(stream: NodeJS.WriteStream): ((progress: Progress) => void) & { end(): void } {
  let drawn = 0;
  const draw = ({ file, phase, done, total }: Progress) => {
    if (!stream.isTTY || Date.now() - drawn < 80) return;
    drawn = Date.now();
    const filled = total === null || total === 0 ? 0 : Math.min(barWidth, Math.round((done / total) * barWidth));
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    stream.write(`\r\u001b[K${file} ${bar} ${words[phase]} ${done.toLocaleString('en-GB')}`);
  };
  return Object.assign(draw, {
    end: () => {
      if (drawn > 0) stream.write('\r\u001b[K');
    },
  });
}
