import { expect } from 'chai';
import { loadSettings } from '../../../server/config/load.ts';

const key = 'ab'.repeat(32);
const safe = {
  ESR_FHIR_MODE: 'production',
  ESR_FHIR_PUBLIC_URL: 'https://workforce.example.nhs.uk',
  ESR_FHIR_MASTER_KEY: key,
  ESR_FHIR_CANONICAL_BASE: 'https://workforce.example.nhs.uk/fhir',
};

describe('settings', () => {
  it('have defaults that run at once', () => {
    expect(loadSettings({})).to.include({ data: './data', port: 8080, store: 'sqlite', mode: 'development' });
  });

  it('come from variables, and the command line weighs more', () => {
    expect(loadSettings({ ESR_FHIR_PORT: '9000' })).to.include({ port: 9000 });
    expect(loadSettings({ ESR_FHIR_PORT: '9000' }, { port: 0 })).to.include({ port: 0 });
  });

  it('stop the boot when one is unknown or malformed', () => {
    expect(() => loadSettings({ ESR_FHIR_PROT: '1' })).to.throw('unknown setting ESR_FHIR_PROT');
    expect(() => loadSettings({ ESR_FHIR_PORT: 'x' })).to.throw('ESR_FHIR_PORT');
    expect(() => loadSettings({ ESR_FHIR_PUBLIC_URL: 'https://host/path' })).to.throw('ESR_FHIR_PUBLIC_URL');
  });

  it('never show a value: it may be a secret', () => {
    expect(() => loadSettings({ ESR_FHIR_MASTER_KEY: 'hunter2' }))
      .to.throw()
      .with.property('message')
      .not.include('hunter2');
  });

  it('refuse every unsafe default in production', () => {
    expect(loadSettings(safe)).to.include({ mode: 'production' });
    for (const name of ['ESR_FHIR_PUBLIC_URL', 'ESR_FHIR_MASTER_KEY', 'ESR_FHIR_CANONICAL_BASE']) {
      expect(() => loadSettings({ ...safe, [name]: undefined }), name).to.throw(name);
    }
    expect(() => loadSettings({ ...safe, ESR_FHIR_PUBLIC_URL: 'http://plain.example' })).to.throw('https');
  });
});
