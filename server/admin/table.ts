import { permissionSetSchema } from '../auth/permission-set.ts';
import { exceptionStates, fileStates } from '../store/port.ts';
import { auditRoutes } from './audit.ts';
import { clientRoutes } from './clients.ts';
import { discardRow, listExceptions, readException, releaseRow, severities } from './exceptions.ts';
import { discardHeldFile, listFiles, previewHeldFile, readFile, releaseHeldFile, uploadFile } from './files.ts';
import { pageParameters } from './page.ts';
import { listPermissionSets, putPermissionSet, readPermissionSet, removePermissionSet } from './permission-sets.ts';
import { registrationTokenRoutes } from './registration-tokens.ts';
import type { AdminRoute } from './route.ts';
import { flag, type JsonSchema, list, object, pageOf, ref, text, texts } from './schema.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { tenantRoutes } from './tenants.ts';
import { userRoutes } from './users.ts';

const files = 'tenants/{tenant}/files';
const exceptions = 'tenants/{tenant}/exceptions';
const permissionSets = 'tenants/{tenant}/permission-sets';
const ok = (description: string, schema: JsonSchema) => ({ status: 200, description, schema }) as const;

/**
 * Everything that the management API answers, its OpenAPI document apart. One list with four uses: routing, the
 * OpenAPI document, the authorisation-coverage test, the documentation.
 */
export const adminRoutes: readonly AdminRoute[] = [
  ...tenantRoutes,
  ...userRoutes,
  ...clientRoutes,
  ...registrationTokenRoutes,
  ...auditRoutes,
  ...subscriptionRoutes,
  {
    method: 'GET',
    path: files,
    operation: 'list-files',
    summary: 'The ledger of received files, newest first.',
    scope: 'admin/files.read',
    parameters: [{ name: 'state', description: 'only files in this state', values: fileStates }, ...pageParameters],
    answer: ok('files', pageOf('files', ref('File'))),
    run: listFiles,
  },
  {
    method: 'POST',
    path: files,
    operation: 'upload-file',
    summary: 'Takes a file, gzip data or a zip archive; it is ingested in the background.',
    scope: 'admin/files.write',
    parameters: [{ name: 'name', description: "the file's name", required: true }],
    body: 'file',
    answer: {
      status: 202,
      description: 'the file with its id; its address tells what becomes of it',
      schema: ref('ReceivedFile'),
    },
    run: uploadFile,
  },
  {
    method: 'GET',
    path: `${files}/{id}`,
    operation: 'read-file',
    summary: 'State and counts of a file.',
    scope: 'admin/files.read',
    parameters: [],
    answer: ok('the file', ref('File')),
    run: readFile,
  },
  {
    method: 'GET',
    path: `${files}/{id}/preview`,
    operation: 'preview-file',
    summary: 'What releasing a held file would create, change and remove, with examples. Nothing is written.',
    scope: 'admin/quarantine.read',
    parameters: [],
    answer: ok('the preview', ref('Preview')),
    run: previewHeldFile,
  },
  {
    method: 'POST',
    path: `${files}/{id}/release`,
    operation: 'release-file',
    summary: 'Has a held file applied, out of step or not.',
    scope: 'admin/quarantine.write',
    parameters: [],
    body: 'reason',
    answer: { status: 202, description: 'the file, which is being applied', schema: ref('File') },
    run: releaseHeldFile,
  },
  {
    method: 'POST',
    path: `${files}/{id}/discard`,
    operation: 'discard-file',
    summary: 'Gives a held file up.',
    scope: 'admin/quarantine.write',
    parameters: [],
    body: 'reason',
    answer: ok('the file', ref('File')),
    run: discardHeldFile,
  },
  {
    method: 'GET',
    path: exceptions,
    operation: 'list-exceptions',
    summary: 'Quarantined rows and doubts, by file and line.',
    scope: 'admin/quarantine.read',
    parameters: [
      { name: 'file', description: 'only those of the file with this id' },
      { name: 'state', description: 'by default the open ones', values: exceptionStates },
      { name: 'severity', description: 'quarantined rows or doubts', values: severities },
      ...pageParameters,
    ],
    answer: ok('exceptions', pageOf('exceptions', ref('Exception'))),
    run: listExceptions,
  },
  {
    method: 'GET',
    path: `${exceptions}/{id}`,
    operation: 'read-exception',
    summary: 'An exception with its row, personal fields masked.',
    scope: 'admin/quarantine.read',
    parameters: [],
    answer: ok('the exception', ref('ExceptionWithRow')),
    run: readException,
  },
  {
    method: 'POST',
    path: `${exceptions}/{id}/release`,
    operation: 'release-exception',
    summary: 'Judges a quarantined row anew and applies it where it is good; 409 says what is still wrong.',
    scope: 'admin/quarantine.write',
    parameters: [],
    body: 'reason',
    answer: ok('the exceptions whose rows are in now', object({ id: text, state: text, exceptions: texts })),
    run: releaseRow,
  },
  {
    method: 'POST',
    path: `${exceptions}/{id}/discard`,
    operation: 'discard-exception',
    summary: 'Gives a quarantined row up.',
    scope: 'admin/quarantine.write',
    parameters: [],
    body: 'reason',
    answer: ok('the exception', ref('Exception')),
    run: discardRow,
  },
  {
    method: 'GET',
    path: permissionSets,
    operation: 'list-permission-sets',
    summary: 'What clients of the tenant may be let see, by name, built-in sets first.',
    scope: 'admin/clients.read',
    parameters: [],
    answer: ok('permission sets', object({ permission_sets: list(ref('PermissionSet')) })),
    run: listPermissionSets,
  },
  {
    method: 'GET',
    path: `${permissionSets}/{id}`,
    operation: 'read-permission-set',
    summary: 'One permission set.',
    scope: 'admin/clients.read',
    parameters: [],
    answer: ok('the permission set', ref('PermissionSet')),
    run: readPermissionSet,
  },
  {
    method: 'PUT',
    path: `${permissionSets}/{id}`,
    operation: 'put-permission-set',
    summary: 'Makes or replaces it; clients that have it see the change within two seconds.',
    scope: 'admin/clients.write',
    parameters: [],
    body: { ...permissionSetSchema, required: [] },
    answer: ok('the permission set', ref('PermissionSet')),
    run: putPermissionSet,
  },
  {
    method: 'DELETE',
    path: `${permissionSets}/{id}`,
    operation: 'remove-permission-set',
    summary: 'Removes one that no client has.',
    scope: 'admin/clients.write',
    parameters: [],
    answer: ok('what was removed', object({ name: text, removed: flag })),
    run: removePermissionSet,
  },
];
