import type { Random } from './random.ts';

/** Where a job is done: it decides which departments have it. */
export type Setting = 'ward' | 'clinic' | 'laboratory' | 'office' | 'estate';

export type Body = 'NMC' | 'GMC' | 'HCPC' | 'GPhC';

/** A kind of post: staff group and job role are pairs of the National Workforce Data Set (job role codes, v3.6.0). */
export interface Job {
  readonly weight: number;
  readonly settings: readonly Setting[];
  readonly group: string;
  readonly role: string;
  readonly title: string;
  readonly occupation: string;
  readonly payscale: string;
  readonly grade: string;
  readonly body: Body | null;
  readonly part: string;
}

const nursing = 'Nursing and Midwifery Registered';
const medical = 'Medical and Dental';
const allied = 'Allied Health Professionals';
const scientific = 'Add Prof Scientific and Technic';
const science = 'Healthcare Scientists';
const support = 'Additional Clinical Services';
const clerical = 'Administrative and Clerical';
const ancillary = 'Estates and Ancillary';

type Line = readonly [
  weight: number,
  settings: readonly Setting[],
  group: string,
  role: string,
  title: string,
  occupation: string,
  grade: string,
  body?: Body,
  part?: string,
];

const bed: readonly Setting[] = ['ward'];
const care: readonly Setting[] = ['ward', 'clinic'];
const all: readonly Setting[] = ['ward', 'clinic', 'laboratory', 'office', 'estate'];
const adult = 'Sub-Part 1 RNA (Adult)';

const lines: readonly Line[] = [
  [14, bed, nursing, 'Staff Nurse', 'Staff Nurse', 'N6A', 'XR05', 'NMC', adult],
  [4, care, nursing, 'Sister/Charge Nurse', 'Ward Sister', 'N6A', 'XR06', 'NMC', adult],
  [3, care, nursing, 'Specialist Nurse Practitioner', 'Clinical Nurse Specialist', 'N6A', 'XR07', 'NMC', adult],
  [1, care, nursing, 'Advanced Practitioner', 'Advanced Nurse Practitioner', 'N6A', 'XR08', 'NMC', adult],
  [1, care, nursing, 'Modern Matron', 'Matron', 'N0A', 'XR08', 'NMC', adult],
  [1, bed, nursing, 'Midwife', 'Midwife', 'N2C', 'XR06', 'NMC', 'Sub-Part 1 RM (Midwife)'],
  [2, ['clinic'], nursing, 'Community Nurse', 'Community Nurse', 'N6H', 'XR05', 'NMC', adult],
  [1, bed, nursing, 'Staff Nurse', 'Staff Nurse (LD)', 'N7B', 'XR05', 'NMC', 'Sub-Part 1 RNLD (Learning Disabilities)'],
  [3, care, medical, 'Consultant', 'Consultant', '001', 'YC72', 'GMC', 'Full'],
  [2, care, medical, 'Specialty Registrar', 'Specialty Registrar', '021', 'MN37', 'GMC', 'Full'],
  [1, care, medical, 'Specialty Doctor', 'Specialty Doctor', '8A1', 'MC46', 'GMC', 'Full'],
  [1, bed, medical, 'Foundation Year 1', 'FY1 Doctor', '921', 'MN13', 'GMC', 'Provisional'],
  [1, bed, medical, 'Foundation Year 2', 'FY2 Doctor', '921', 'MN15', 'GMC', 'Full'],
  [1, bed, medical, 'Trust Grade Doctor - Foundation Level', 'Clinical Fellow', '921', 'MT01', 'GMC', 'Full'],
  [2, care, allied, 'Physiotherapist', 'Physiotherapist', 'S1E', 'XR06', 'HCPC', 'Physiotherapist'],
  [
    2,
    care,
    allied,
    'Occupational Therapist',
    'Occupational Therapist',
    'S1C',
    'XR06',
    'HCPC',
    'Occupational Therapist',
  ],
  [1, care, allied, 'Dietitian', 'Dietitian', 'S1B', 'XR06', 'HCPC', 'Dietitian'],
  [1, ['clinic'], allied, 'Radiographer - Diagnostic', 'Radiographer', 'S1F', 'XR05', 'HCPC', 'Radiographer'],
  [1, ['clinic'], allied, 'Speech and Language Therapist', 'SLT Band 6', 'S1J', 'XR06', 'HCPC', 'Speech Therapist'],
  [1, ['clinic'], allied, 'Paramedic', 'Paramedic', 'ABA', 'XR06', 'HCPC', 'Paramedic'],
  [1, ['clinic', 'laboratory'], scientific, 'Pharmacist', 'Pharmacist', 'S1P', 'XR07', 'GPhC', 'Pharmacist'],
  [1, bed, scientific, 'Operating Department Practitioner', 'ODP', 'S9B', 'XR05', 'HCPC', 'Operating Department'],
  [1, ['clinic'], scientific, 'Social Worker', 'Social Worker', 'S2U', 'XR06'],
  [1, ['clinic'], scientific, 'Applied Psychologist - Clinical', 'Clinical Psychologist', 'S1L', 'XR08'],
  [2, ['laboratory'], science, 'Healthcare Scientist', 'Biomedical Scientist', 'U3A', 'XR05', 'HCPC', 'Biomedical'],
  [1, ['laboratory'], science, 'Manager', 'Laboratory Manager', 'U1A', 'XR08', 'HCPC', 'Clinical Scientist'],
  [10, care, support, 'Healthcare Assistant', 'Healthcare Assistant', 'H1A', 'XR02'],
  [3, care, support, 'Health Care Support Worker', 'Support Worker Band 3', 'N9A', 'XR03'],
  [1, bed, support, 'Nursing Associate', 'Nursing Associate', 'NGA', 'XR04', 'NMC', 'Nursing Associate'],
  [1, ['laboratory', 'clinic'], support, 'Phlebotomist', 'Phlebotomist', 'S8P', 'XR02'],
  [1, ['laboratory'], support, 'Assistant', 'Laboratory Assistant', 'S5A', 'XR02'],
  [1, bed, support, 'Assistant/Associate Practitioner', 'Associate Practitioner', 'N9A', 'XR04'],
  [4, all, clerical, 'Clerical Worker', 'Ward Clerk & Administrator', 'G2A', 'XR02'],
  [2, ['clinic', 'office'], clerical, 'Receptionist', 'Receptionist', 'G2C', 'XR02'],
  [2, ['clinic', 'office'], clerical, 'Medical Secretary', 'Medical Secretary', 'G2B', 'XR04'],
  [3, ['office'], clerical, 'Officer', 'Workforce Information Officer', 'G2D', 'XR04'],
  [2, all, clerical, 'Manager', 'Service Manager', 'G1A', 'XR07'],
  [1, ['office'], clerical, 'Senior Manager', 'Head of Service', 'G0A', 'XR10'],
  [1, ['office'], clerical, 'Analyst', 'Information Analyst', 'G3A', 'XR06'],
  [1, ['office'], clerical, 'Accountant', 'Finance Business Partner', 'G1B', 'XR07'],
  [2, ['estate'], ancillary, 'Porter', 'Porter', 'G3E', 'XR02'],
  [3, ['estate', 'ward'], ancillary, 'Housekeeper', 'Ward Housekeeper', 'G3E', 'XR02'],
  [2, ['estate'], ancillary, 'Cleaner', 'Domestic Assistant', 'G3E', 'XR02'],
  [1, ['estate'], ancillary, 'Electrician', 'Electrician', 'G3D', 'XR04'],
  [1, ['estate'], ancillary, 'Support Worker', 'Catering "Bistro" Assistant', 'G3E', 'XR02'],
];

const jobs: readonly Job[] = lines.map(([weight, settings, group, role, title, occupation, payscale, body, part]) => ({
  weight,
  settings,
  group,
  role,
  title,
  occupation,
  payscale,
  grade: payscale.startsWith('XR') ? `Review Body Band ${Number(payscale.slice(2))}` : `M&D ${role}`,
  body: body ?? null,
  part: part ?? '',
}));

const bySetting = new Map<Setting, readonly Job[]>(
  (all as readonly Setting[]).map((setting) => [setting, jobs.filter((job) => job.settings.includes(setting))]),
);

export function jobFor(random: Random, setting: Setting): Job {
  return random.weighted(bySetting.get(setting) ?? jobs);
}
