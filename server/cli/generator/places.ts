import type { Place } from './model.ts';
import { randomOf } from './random.ts';
import { streams, type TrustSettings, vpdText } from './settings.ts';

const sites = [
  'Riverside General Hospital',
  "St Bríd's Hospital",
  'Queen Adelaide Hospital',
  'Northfield Community Hospital',
  'The Café Royal "Wellbeing" Centre',
  'Millbrook Health Centre',
  'Westgate Clinic',
  'Elmwood House',
  'Priory Road Surgery',
  'Harbour Lane Diagnostic Centre',
  'Oak Tree Unit',
  'Town Hall Annexe & Stores',
] as const;
const streetNames = ['Station Road', 'Church Lane', 'Infirmary Way', 'Hospital Drive', 'Mill Street', "King's Parade"];
const towns = ['Westbourne', 'Aldercombe', 'Northfield', 'St Müllen', 'Harbourside'];

/** The locations (LCA): about one per 250 people, at least six. Postcodes and telephones are of ranges nobody has. */
export function placesOf(settings: TrustSettings): Map<string, Place> {
  const vpd = vpdText(settings);
  const count = Math.max(6, Math.min(2_000, Math.ceil(settings.staff / 250)));
  const places = new Map<string, Place>();
  for (let index = 0; index < count; index++) {
    const random = randomOf(settings.seed, streams.place, index);
    const site = sites[index % sites.length] as string;
    const block = index < sites.length ? '' : ` Block ${Math.floor(index / sites.length)}`;
    const id = String(500_000 + index * 3);
    places.set(id, {
      id,
      code: `${vpd} z ${site}${block}`,
      description: random.chance(0.9) ? `${site}${block}` : '',
      inactive: index > 2 && random.chance(0.12) ? settings.today + random.between(-700, 40) : null,
      address: [`${site}${block}`, `${random.between(1, 240)} ${random.pick(streetNames)}`, ''],
      town: random.pick(towns),
      postcode: `ZZ99 ${random.between(1, 9)}${random.pick(['AB', 'CZ', 'VZ', 'WZ'])}`,
      telephone: `01632 960${String(random.below(1000)).padStart(3, '0')}`,
      site: random.chance(0.6) ? `${settings.ods}${String(index % 100).padStart(2, '0')}` : '',
      updated: settings.today - random.between(30, 3000),
    });
  }
  return places;
}
