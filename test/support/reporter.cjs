const { Runner, reporters } = require('mocha');

/**
 * Mocha's `spec` output and then, as the last line, `N passed, N failed, N skipped`. CommonJS because mocha wants the
 * reporter to be the module itself, and asks for it before tsx is there.
 */
module.exports = class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = runner.stats;
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
};
