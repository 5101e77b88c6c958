import type { Command } from 'commander';
import { present } from '../core/assert.ts';
import { londonDate } from '../core/clock.ts';
import { AppError } from '../core/error.ts';
import { type CommonOptions, command, integer } from './command.ts';
import { consoleCheck, demoCheck, startersOfTomorrow } from './demo-check.ts';
import { type DemoClient, type DemoLogin, demoData, demoLogin, demoTenants } from './demo-data.ts';
import type { OpenHouse } from './house.ts';
import { serveHouse, terminated } from './serve.ts';

interface DemoOptions extends CommonOptions {
  readonly port?: number;
  readonly once?: boolean;
}

/** `esr-fhir demo`: two synthetic trusts, ingested and served; `--once` (or `CI=true`) checks itself and ends. */
export function demoCommand(open: OpenHouse): Command {
  return command('demo', 'two demo trusts with synthetic staff, ingested and served')
    .option('--port <number>', 'HTTP port (default 8080; with --once a free one)', integer(0))
    .option('--once', 'make the same, check it, and end')
    .action(async ({ port, once, ...options }: DemoOptions) => {
      const check = once === true || process.env['CI'] === 'true';
      const settings = { port: port ?? (check ? 0 : undefined) };
      const house = await open(options, { create: true, serving: true, settings });
      const say = (line: string) => void process.stdout.write(`${line}\n`);
      try {
        const { clients, fresh } = await demoData(house, say);
        const login = await demoLogin(house);
        let end = () => {};
        const ended = new Promise<void>((resolve) => {
          end = resolve;
        });
        let failures: readonly string[] = [];
        const listening = async (url: string) => {
          const today = londonDate(house.clock.now());
          for (const line of guide(url, clients, login, today)) say(line);
          if (!check) return;
          failures = await demoCheck(url, clients, fresh ? today : undefined);
          failures = [...failures, ...(await consoleCheck(url, login))];
          end();
        };
        await serveHouse(house, { stopped: Promise.race([ended, terminated()]), listening });
        if (failures.length > 0) throw new AppError('internal', `the demo does not work: ${failures.join('; ')}`);
        if (check) say('demo checked: both trusts answer their own client and nobody else');
      } finally {
        await house.close();
      }
    });
}

/** What a newcomer needs: bases, credentials, three commands that work when pasted one after the other. */
function guide(url: string, clients: readonly DemoClient[], login: DemoLogin, today: string): string[] {
  const bases = demoTenants.map(({ id, name }) => `  ${url}/t/${id}/fhir/v1   ${name}`);
  const credentials = clients.map(({ tenant, id, secret }) => `  ${tenant}: client ${id}  secret ${secret}`);
  const [{ id, secret, tenant }, other] = [present(clients[0], 'first client'), present(clients[1], 'second client')];
  const fields = '-d grant_type=client_credentials';
  const cut = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  const search = `${url}/t/${tenant}/fhir/v1/PractitionerRole?active=true&_include=PractitionerRole:practitioner`;
  const foreign = `${url}/t/${other.tenant}/fhir/v1/Practitioner`;
  return [
    '',
    'FHIR bases',
    ...bases,
    'Console',
    `  ${url}/console   user ${login.name}  password ${login.password}`,
    'Clients',
    ...credentials,
    'Try (a token lasts five minutes; the third line asks for another trust’s data and is refused: 401)',
    `  TOKEN=$(curl -s -u '${id}:${secret}' ${fields} '${url}/oauth/token' | ${cut})`,
    `  curl -s ${bearer} '${search}&_count=2'`,
    `  curl -s -o /dev/null -w '%{http_code}\\n' ${bearer} '${foreign}'`,
    'Who starts tomorrow, known today and not active yet',
    `  ${url}/t/${tenant}/fhir/v1/${startersOfTomorrow(today)}&_include=PractitionerRole:practitioner`,
    '',
  ];
}
