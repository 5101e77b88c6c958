import type { AddressInfo } from 'node:net';
import type { AuditTrails } from '../../server/cli/audit-trails.ts';
import { serving } from '../../server/cli/serving.ts';
import { present } from '../../server/core/assert.ts';
import { openHouse } from '../../server/main.ts';

/** The server with its audit left out: the baseline that says what the audit costs. Argument: the data folder. */
const house = await openHouse({ data: present(process.argv[2], 'data folder') });
const nothing = async () => {};
const none: AuditTrails = { write: nothing, carry: nothing, look: nothing, close: nothing };
const server = await serving(house, { requestWork: () => {}, auditWriter: 'serve', trails: () => none });
await server.app.listen({ port: 0, host: 'localhost' });
const url = `http://localhost:${(server.app.server.address() as AddressInfo).port}`;
server.setUrl(url);
process.stdout.write(`listening on ${url}\n`);
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
