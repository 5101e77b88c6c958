import { exceptionStates, fileStates } from '../store/port.ts';
import { discardRow, listExceptions, readException, releaseRow, severities } from './exceptions.ts';
import { discardHeldFile, listFiles, previewHeldFile, readFile, releaseHeldFile, uploadFile } from './files.ts';
import { pageParameters } from './page.ts';
import type { AdminRoute } from './route.ts';

const files = 'tenants/{tenant}/files';
const exceptions = 'tenants/{tenant}/exceptions';
const ok = (description: string) => ({ status: 200, description }) as const;

/**
 * Everything that the management API answers, its OpenAPI document apart. One list with four uses: routing, the
 * OpenAPI document, the authorisation-coverage test, the documentation.
 */
export const adminRoutes: readonly AdminRoute[] = [
  {
    method: 'GET',
    path: files,
    operation: 'list-files',
    summary: 'The ledger of received files, newest first.',
    scope: 'admin/files.read',
    parameters: [{ name: 'state', description: 'only files in this state', values: fileStates }, ...pageParameters],
    answer: ok('files'),
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
    answer: { status: 202, description: 'the file with its id; its address tells what becomes of it' },
    run: uploadFile,
  },
  {
    method: 'GET',
    path: `${files}/{id}`,
    operation: 'read-file',
    summary: 'State and counts of a file.',
    scope: 'admin/files.read',
    parameters: [],
    answer: ok('the file'),
    run: readFile,
  },
  {
    method: 'GET',
    path: `${files}/{id}/preview`,
    operation: 'preview-file',
    summary: 'What releasing a held file would create, change and remove, with examples. Nothing is written.',
    scope: 'admin/quarantine.read',
    parameters: [],
    answer: ok('the preview'),
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
    answer: { status: 202, description: 'the file, which is being applied' },
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
    answer: ok('the file'),
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
    answer: ok('exceptions'),
    run: listExceptions,
  },
  {
    method: 'GET',
    path: `${exceptions}/{id}`,
    operation: 'read-exception',
    summary: 'An exception with its row, personal fields masked.',
    scope: 'admin/quarantine.read',
    parameters: [],
    answer: ok('the exception'),
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
    answer: ok('the exceptions whose rows are in now'),
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
    answer: ok('the exception'),
    run: discardRow,
  },
];
