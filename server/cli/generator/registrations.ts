import type { Body } from './jobs.ts';
import type { Post, Registration } from './model.ts';
import type { Random } from './random.ts';
import type { TrustSettings } from './settings.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The bodies' names as ESR writes them (National Workforce Data Set, registration body). */
export const bodyNames: Readonly<Record<Body, string>> = {
  NMC: 'Nursing and Midwifery Council',
  GMC: 'General Medical Council',
  HCPC: 'Health and Care Professions Council',
  GPhC: 'General Pharmaceutical Council',
};

const digits = (random: Random, count: number) => String(random.below(10 ** count)).padStart(count, '0');
const letter = (random: Random) => letters[random.below(26)] as string;

/** Number shapes of the bodies (esr.md 7); GMC numbers come with and without their `C`. */
const numberShapes: Readonly<Record<Body, (random: Random) => string>> = {
  NMC: (random) => `${digits(random, 2)}${letter(random)}${digits(random, 4)}${letter(random)}`,
  GMC: (random) => `${random.chance(0.2) ? 'C' : ''}${random.between(4, 7)}${digits(random, 6)}`,
  HCPC: (random) => `${random.pick(['PH', 'OT', 'PA', 'RA', 'BS', 'DT'])}${digits(random, 6)}`,
  GPhC: (random) => `2${digits(random, 6)}`,
};

/** The registration (ETA) that a post asks for; one in a hundred has a number of no known shape. */
export function registrationsFor(
  settings: TrustSettings,
  random: Random,
  person: number,
  post: Post,
): readonly Registration[] {
  const body = post.body;
  if (body === null || random.chance(0.03)) return [];
  const from = settings.today - random.between(100, 7_000);
  return [
    {
      id: String(30_000_000 + person * 3),
      body,
      number: random.chance(0.01) ? 'AWAITED' : numberShapes[body](random),
      part: post.part,
      from,
      to: body === 'GMC' && random.chance(0.7) ? null : settings.today + random.between(-40, 1_000),
      updated: settings.today - random.between(4, 400),
    },
  ];
}
