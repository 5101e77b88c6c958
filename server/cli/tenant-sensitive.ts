import { Command } from 'commander';
import { practitionerId } from '../mapping/ids.ts';
import { esrIdReference } from '../record/unit.ts';
import { sensitiveStaff } from '../registry/sensitive-staff.ts';
import { type CommonOptions, command, print, table } from './command.ts';
import { type House, inHouse, type OpenHouse, operatorStore } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface OfPerson extends CommonOptions {
  readonly tenant: string;
  readonly person: string;
}

/** `esr-fhir tenant sensitive …`: staff who are shown to clients whose permission set says so, and to nobody else. */
export function sensitiveCommand(open: OpenHouse): Command {
  return new Command('sensitive')
    .description('staff who are withheld from all but the permission sets with "sensitive": true')
    .addCommand(
      command('add', 'withhold a person and their roles, known already or not')
        .requiredOption('--tenant <id>')
        .requiredOption('--person <esr-id>', 'ESR Person ID')
        .action((options: OfPerson) =>
          inHouse(open, options, async (house) => {
            const { tenant, person } = options;
            const practitioners = await practitionersOf(house, tenant, person);
            await sensitiveStaff(house.store.system.documents).add(tenant, { person, practitioners });
            await auditOperator(house, tenant, { interaction: 'tenant-sensitive-add', id: person });
            print(options, { tenant, person, practitioners }, ['the person is withheld within two seconds']);
          }),
        ),
    )
    .addCommand(
      command('list', 'list them')
        .requiredOption('--tenant <id>')
        .action((options: CommonOptions & { readonly tenant: string }) =>
          inHouse(open, options, async ({ tenants, store }) => {
            await tenants.get(options.tenant);
            const people = await sensitiveStaff(store.system.documents).list(options.tenant);
            const rows = people.map(({ person, practitioners }) => [person, practitioners.join(' ')]);
            print(options, { people }, table([['PERSON', 'PRACTITIONER'], ...rows]));
          }),
        ),
    )
    .addCommand(
      command('remove', 'show a person again')
        .requiredOption('--tenant <id>')
        .requiredOption('--person <esr-id>', 'ESR Person ID')
        .action((options: OfPerson) =>
          inHouse(open, options, async (house) => {
            const { tenant, person } = options;
            await sensitiveStaff(house.store.system.documents).remove(tenant, person);
            await auditOperator(house, tenant, { interaction: 'tenant-sensitive-remove', id: person });
            print(options, { tenant, person, removed: true }, ['the person is shown again']);
          }),
        ),
    );
}

/** A person who came without ESR's id has another key, and keeps its Practitioner (decision 0008). */
async function practitionersOf(house: House, tenant: string, person: string): Promise<readonly string[]> {
  const store = await operatorStore(house, tenant);
  const joined = await store.records.referring([esrIdReference('person', person)]);
  return [...new Set([person, ...joined.map(({ id }) => id)])].map((key) => practitionerId(tenant, key));
}
