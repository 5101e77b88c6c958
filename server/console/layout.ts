import { createHash } from 'node:crypto';
import { escaped } from '../core/html.ts';

/** Plain, in the colours of the NHS identity; nothing is loaded and nothing runs. */
const style = `
body{margin:0;font:19px/1.5 Arial,sans-serif;color:#212b32;background:#f0f4f5}
header{background:#005eb8;color:#fff;padding:16px 24px;display:flex;gap:24px;align-items:center}
header a{color:#fff;font-weight:700;text-decoration:none}header form{margin-left:auto}
main,nav{max-width:1100px;margin:0 auto;padding:16px 24px}nav a{margin-right:24px}
a{color:#005eb8}a:focus,button:focus{outline:4px solid #ffeb3b;background:#ffeb3b;color:#212b32}
table{border-collapse:collapse;width:100%;background:#fff}caption{text-align:left;font-weight:700;padding:8px 0}
th,td{text-align:left;padding:8px 12px;border-bottom:1px solid #d8dde0;vertical-align:top}td.n{text-align:right}
button{font:inherit;background:#007f3b;color:#fff;border:0;padding:6px 16px;border-radius:4px;cursor:pointer}
.tag{border:1px solid #4c6272;padding:0 8px;background:#fff}.note{border-left:8px solid #005eb8;padding:8px 16px}`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** Of every page of the console. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': [
    ...["default-src 'none'", `style-src 'sha256-${styleHash}'`, "form-action 'self'"],
    ...["frame-ancestors 'none'", "base-uri 'none'"],
  ].join('; '),
} as const;

/** HTML that is ready to stand in a page; everything else is escaped on its way in. */
export interface Html {
  readonly html: string;
}

/** A page. `person`: somebody is logged in. `title` is plain text. */
export function page(title: string, body: readonly Html[], person: boolean): string {
  const out = '<form method="post" action="/console/sign-out"><button>Sign out</button></form>';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)} – esr-fhir</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<style>${style}</style></head><body>
<header><a href="/console">esr-fhir console</a>${person ? out : ''}</header>
${body.map(({ html }) => html).join('\n')}
</body></html>
`;
}

export function main(title: string, body: readonly Html[]): Html {
  return { html: `<main><h1>${escaped(title)}</h1>\n${body.map(({ html }) => html).join('\n')}\n</main>` };
}

export function paragraph(text: string): Html {
  return { html: `<p class="note">${escaped(text)}</p>` };
}

/** `href` is a path of ours. */
export function link(href: string, text: string): Html {
  return { html: `<a href="${escaped(href)}">${escaped(text)}</a>` };
}

export function navigation(links: readonly Html[]): Html {
  return { html: `<nav aria-label="Tenant">${links.map(({ html }) => html).join('')}</nav>` };
}

type Cell = string | number | Html;

export function table(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const cell = (one: Cell) =>
    typeof one === 'number'
      ? `<td class="n">${one}</td>`
      : `<td>${typeof one === 'string' ? escaped(one) : one.html}</td>`;
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n');
  const titles = head.map((one) => `<th scope="col">${escaped(one)}</th>`).join('');
  const shown = `<thead><tr>${titles}</tr></thead>\n<tbody>${lines}</tbody>`;
  return { html: `<table><caption>${escaped(caption)}</caption>${shown}</table>` };
}

export function tag(text: string): Html {
  return { html: `<strong class="tag">${escaped(text)}</strong>` };
}
