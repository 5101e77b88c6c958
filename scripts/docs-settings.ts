import { readFileSync, writeFileSync } from 'node:fs';
import { settingsSchema, variableOf } from '../server/config/schema.ts';

const mark = '<!-- settings -->';
const path = 'README.md';

/** The README with its table of settings as the schema has it. */
export function withSettings(readme: string): string {
  const rows = Object.entries(settingsSchema.properties).map(([name, property]) => {
    const standard = 'default' in property ? `\`${property.default}\`` : '';
    return `| \`${variableOf(name)}\` | ${standard} | ${property.description} |`;
  });
  const table = ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
  const start = readme.indexOf(mark);
  const end = readme.indexOf('\n## ', start);
  return `${readme.slice(0, start)}${mark}\n\n${table}\n${readme.slice(end)}`;
}

if (process.argv[2] === 'write') writeFileSync(path, withSettings(readFileSync(path, 'utf8')));
