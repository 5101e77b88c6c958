import { expect } from 'chai';
import { AppError, type ErrorCode } from '../../../server/core/error.ts';
import { answers, outcomeBytes } from '../../../server/fhir/outcome.ts';

describe('fhir/outcome', () => {
  for (const code of Object.keys(answers) as ErrorCode[]) {
    it(`gives ${code} a status of its kind and a complete issue`, () => {
      expect(answers[code].status).to.be.within(400, 503);
      const { issue } = JSON.parse(outcomeBytes(new AppError(code, 'why', { detail: 'secret' })).toString());
      expect(issue).to.have.length(1);
      expect(issue[0]).to.deep.include({ severity: 'error', diagnostics: 'why' });
      expect(issue[0].details.coding[0].system).to.equal('https://fhir.nhs.uk/CodeSystem/http-error-codes');
      expect(JSON.stringify(issue)).to.not.contain('secret');
    });
  }

  it('names every fault with its expression', () => {
    const other = new AppError('invalid', 'second', { expression: 'b' });
    const error = new AppError('unknown-parameter', 'first', { expression: 'a', others: [other] });
    const { issue } = JSON.parse(outcomeBytes(error).toString());
    expect(issue.map((one: { code: string; expression: string[] }) => [one.code, ...one.expression])).to.deep.equal([
      ['not-supported', 'a'],
      ['invalid', 'b'],
    ]);
  });
});
