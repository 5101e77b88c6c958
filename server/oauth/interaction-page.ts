import { escaped } from '../core/html.ts';

/** The pages of a login, rendered without scripts. Everything that comes from outside is escaped. */

export interface PageView {
  /** Name of the app, as it was registered. */
  readonly client: string;
  /** Name of the organisation whose data it is about. */
  readonly organisation: string;
  /** Said above the form. */
  readonly problem?: string;
}

/** Who are you? */
export function loginPage({ client, organisation, problem }: PageView): string {
  return page(
    'Log in',
    `${said(problem)}
<p><strong>${escaped(client)}</strong> asks you to log in at ${escaped(organisation)}.</p>
<form method="post" autocomplete="off">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autofocus required maxlength="200">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200">
<button name="action" value="login">Log in</button>
<button name="action" value="cancel" formnovalidate>Cancel</button>
</form>`,
  );
}

export interface ConsentView extends PageView {
  /** What is given, one sentence each. */
  readonly granted: readonly string[];
  /** What was asked for and this person cannot give. */
  readonly withheld: readonly string[];
}

/** May this app do this in your name? */
export function consentPage({ client, organisation, granted, withheld }: ConsentView): string {
  const list = (items: readonly string[]) => `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
  const rest = withheld.length === 0 ? '' : `<p>It also asked for what your role does not allow:</p>${list(withheld)}`;
  return page(
    'Allow access',
    `<p><strong>${escaped(client)}</strong> wants, at ${escaped(organisation)} and in your name, to:</p>
${list(granted)}
${rest}
<form method="post">
<button name="action" value="consent">Allow</button>
<button name="action" value="cancel">Refuse</button>
</form>`,
  );
}

/** Nothing can be done here. */
export function problemPage(problem: string): string {
  return page('Something is wrong', said(problem));
}

function said(problem: string | undefined): string {
  return problem === undefined ? '' : `<p role="alert">${escaped(problem)}</p>`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
</head><body><main><h1>${title}</h1>
${body}
</main></body></html>
`;
}
