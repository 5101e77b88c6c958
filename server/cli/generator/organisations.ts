import type { Setting } from './jobs.ts';
import type { Organisation, OrganisationSlice } from './model.ts';
import { type Random, randomOf } from './random.ts';
import { streams, type TrustSettings, vpdText } from './settings.ts';

interface Branch {
  readonly name: string;
  readonly setting: Setting;
  readonly units: readonly string[];
  readonly areas: readonly string[];
}

const branches: readonly Branch[] = [
  {
    name: 'Medicine & Elderly Care',
    setting: 'ward',
    units: ['Ash Ward', 'Birch Ward', 'Cedar Ward', 'Acute Medical Unit', 'Stroke Unit', 'Day Unit'],
    areas: ['General Medicine', 'Acute Medicine', 'Elderly Care Medicine', 'Cardiology', 'Respiratory Medicine'],
  },
  {
    name: 'Surgery',
    setting: 'ward',
    units: ['Theatres', 'Recovery', 'Surgical Assessment Unit', 'Elm Ward', 'Day Case Unit'],
    areas: ['General Surgery', 'Trauma and Orthopaedic Surgery', 'Urology', 'Anaesthetics', 'Operating Department'],
  },
  {
    name: "Women's & Children's",
    setting: 'ward',
    units: ['Maternity', 'Delivery Suite', 'Neonatal Unit', "Children's Ward", 'Antenatal Clinic'],
    areas: ['Maternity', 'Obstetrics', 'Gynaecology', 'Paediatrics'],
  },
  {
    name: 'Community & Therapies',
    setting: 'clinic',
    units: ['District Nursing', 'Therapy Team', 'Outpatients', 'Health Visiting', 'Rehabilitation Team'],
    areas: ['Community Health Services', 'District Nursing', 'Rehabilitation', 'Public Health'],
  },
  {
    name: 'Diagnostics',
    setting: 'laboratory',
    units: ['Blood Sciences', 'Microbiology', 'Cellular Pathology', 'Phlebotomy', 'Pharmacy'],
    areas: ['Pathology', 'Haematology', 'Blood Sciences', 'Histopathology'],
  },
  {
    name: 'Corporate Services',
    setting: 'office',
    units: ['Workforce', 'Finance', 'Digital', 'Governance', 'Naïve Users Help Desk'],
    areas: ['Corporate', 'Finance', 'Human Resources'],
  },
  {
    name: 'Estates & Facilities',
    setting: 'estate',
    units: ['Domestic', 'Portering', 'Maintenance', 'Catering', 'Stores'],
    areas: ['Estates', 'Facilities'],
  },
];

const siteCodes = ['BRO', 'RGH', 'QAH', 'NCH', 'WGC', 'ELM'];

/** The identifier of the row that carries the employer's NACS code. */
export const rootOrganisationId = '600000';

/**
 * The organisation tree (ORA), five levels: trust, directorate, care group, service, department. About one department
 * per 30 people. The root row carries the ODS (NACS) code and so is the employer (meaning.md).
 */
export function organisationsOf(settings: TrustSettings, locations: readonly string[]): Map<string, Organisation> {
  const organisations = new Map<string, Organisation>();
  const random = randomOf(settings.seed, streams.organisation);
  const maker = organisationMaker(settings, random, locations, organisations);
  const first = branches[0] as Branch;
  const root = maker(null, 1, `Riverside NHS Foundation Trust ${settings.ods}`, first, false);
  const leaves = Math.max(branches.length, Math.min(40_000, Math.ceil(settings.staff / 30)));
  const perBranch = Math.ceil(leaves / branches.length);
  for (const branch of branches) {
    const directorate = maker(root, 2, `${branch.name} Directorate`, branch, false);
    const serviceSize = Math.max(2, Math.ceil(Math.sqrt(perBranch)));
    let group = directorate;
    let service = directorate;
    for (let index = 0; index < perBranch; index++) {
      const area = branch.areas[index % branch.areas.length] as string;
      if (index % (serviceSize * 3) === 0) group = maker(directorate, 3, `${area} Care Group`, branch, false);
      if (index % serviceSize === 0) service = maker(group, 4, `${area} Service`, branch, false);
      const unit = branch.units[index % branch.units.length] as string;
      const code = random.pick(siteCodes);
      maker(service, index % 9 === 8 ? 6 : 5, `${unit} ${index + 1} (${code})`, branch, true, area);
    }
  }
  return organisations;
}

function organisationMaker(
  settings: TrustSettings,
  random: Random,
  locations: readonly string[],
  organisations: Map<string, Organisation>,
) {
  const vpd = vpdText(settings);
  return (parent: string | null, level: number, name: string, branch: Branch, leaf: boolean, area = ''): string => {
    const id = String(Number(rootOrganisationId) + organisations.size);
    const start = settings.today - random.between(1_500, 9_000);
    const slice: OrganisationSlice = {
      start,
      end: null,
      raw: `${vpd} ${level} ${name}`,
      type: level === 1 ? 'NHS_TRUST' : 'NHS_TM',
      parent,
      nacs: parent === null ? settings.ods : '',
      costCentre: `${vpd}E${String(organisations.size).padStart(4, '0')}`,
      updated: settings.today - random.between(10, 1_400),
    };
    const renamed = leaf && random.chance(0.1);
    const turn = start + random.between(100, 1_400);
    const slices = renamed
      ? [
          { ...slice, end: turn - 1, raw: `${slice.raw} (old)` },
          { ...slice, start: turn },
        ]
      : [slice];
    const location = random.pick(locations);
    organisations.set(id, { id, location, setting: branch.setting, areaOfWork: area, leaf, slices });
    return id;
  };
}
