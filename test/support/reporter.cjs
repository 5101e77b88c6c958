const { Runner, reporters } = require('mocha');

/**
 * Mocha's `spec` output, then the tests that were not run by what they needed (`needs.ts`) and, as the last line,
 * `N passed, N failed, N skipped`. CommonJS because mocha wants the reporter to be the module itself, and asks for it
 * before tsx is there.
 */
module.exports = class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skipped = new Map();
    runner.on(Runner.constants.EVENT_TEST_PENDING, (test) => {
      const lacking = lackOf(test);
      skipped.set(lacking, [...(skipped.get(lacking) ?? []), test.fullTitle()]);
    });
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      for (const [lacking, titles] of skipped) {
        process.stdout.write(`${titles.length} not run, ${lacking}:\n${titles.map((one) => `  ${one}\n`).join('')}`);
      }
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
};

function lackOf(test) {
  for (let one = test; one !== undefined; one = one.parent) if (one.lacks !== undefined) return `needs ${one.lacks}`;
  return 'as its title says';
}
