import cron from 'node-cron';

/**
 * Runs `task` at every local midnight in Europe/London, whatever summer time does (the clocks change at 01:00, so that
 * every date has one midnight), and when a sleeping machine wakes after one. Returns what stops it.
 */
export function atMidnight(task: () => void): () => void {
  const schedule = cron.schedule('0 0 * * *', task, {
    timezone: 'Europe/London',
    name: 'dates come true',
    suppressMissedWarning: true,
  });
  schedule.on('execution:missed', task);
  return () => void schedule.destroy();
}
