import type { Random } from './random.ts';

/** Names as UK staff lists hold them. ISO-8859-1 only: what a GO2 file cannot write does not occur here. */
const women =
  `Amelia Olivia Isla Ava Emily Grace Freya Charlotte Sophie Lily Hannah Megan Chloe Lucy Rebecca Sarah Louise Claire
  Joanne Nicola Karen Susan Julie Deborah Tracey Alison Helen Fiona Siân Zoë Chloë Renée Noémie Zoé Inés Núria
  Begoña Agnès Aoife Róisín Gráinne Sinéad Caitríona Niamh Priya Anjali Sunita Deepa Fatima Aisha Zainab Nasreen Maryam
  Ngozi Chidinma Adaeze Folasade Abena Akosua Blessing Precious Grace-Ann Mei Li Ying Xiu Agnieszka Katarzyna Magdalena
  Joanna Elena Ioana Andreea Maria Marisol Jocelyn Rosário Conceição Ângela Kirsty Eilidh Mhairi Catrin Rhiannon
  Anne-Marie Mary-Jane Brónagh Ásta Åsa Françoise Jutta Ulrike`.split(/\s+/);

const men =
  `Oliver George Arthur Noah Muhammad Leo Oscar Harry Archie Jack Thomas James William Daniel Matthew Andrew David
  Stephen Paul Mark Ian Gary Simon Neil Kevin Alan Graham Seán Séamus Pádraig Eoghan Oisín Cathal Rhys Gareth Dafydd
  Owain Hywel Rajesh Sanjay Vikram Arjun Imran Tariq Bilal Yusuf Hassan Ahmed Omar Chukwuemeka Oluwaseun Tunde Kwame
  Kofi Emmanuel Wei Jun Hiroshi Piotr Krzysztof Tomasz Andrei Mihai José Jesús Ramón Iñigo João Gonçalo Antônio
  André François Benoît Jürgen Jörg Björn Søren Åke Lars Giovanni Nicolò Angus Hamish Callum Ruaridh Jean-Luc
  Peter-John Zoltán Gábor`.split(/\s+/);

const families =
  `Smith Jones Williams Taylor Brown Davies Evans Wilson Thomas Johnson Roberts Robinson Thompson Wright Walker White
  Edwards Hughes Green Hall Lewis Harris Clarke Patel Jackson Wood Turner Martin Cooper Hill Ward Morris Moore Clark
  Lee King Baker Harrison Morgan Allen James Scott Phillips Watson Davis Parker Price Bennett Young Griffiths Mitchell
  Kelly Cook Carter Richardson Bailey Collins Bell Shaw Murphy Miller Cox Richards Khan Marshall Anderson Simpson Ellis
  Adams Singh Begum Wilkinson Foster Chapman Powell Webb Rogers Gray Mason Ali Hunt Hussain Campbell Matthews Owen
  Palmer Holmes Mills Barnes Knight Lloyd Butler Russell Barker Fisher Stevens Jenkins Murray Dixon Harvey Ó'Briain
  O'Connor O'Neill O'Sullivan Ó\u00A0Dálaigh MacDonald McKenzie St\u00A0John van\u00A0der\u00A0Berg Okonkwo Adeyemi
  Okafor Mensah Owusu Boateng Nwosu Balogun Muñoz Núñez Ibáñez García Fernández Gómez Peña Müller Schäfer Krüger Weiß
  Groß Björk Lindström Åberg Sørensen Jørgensen Gonçalves Conceição Magalhães Araújo Côté Lefèvre Béranger
  D'Souza De\u00A0Souza Kowalski Nowak Zielinska Popescu Ionescu Nguyen Tran Chen Wang Zhang Sharma Gupta Kaur Reddy
  Nair Thomas-Jones Smith-Müller Santos Reyes Bautista Dela\u00A0Cruz`.split(/[ \n\r\t]+/);

export interface Name {
  readonly title: string;
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly preferred: string;
  readonly maiden: string;
  readonly gender: 'Female' | 'Male';
}

/** A whole name; `medical` people are mostly `Dr`. */
export function nameFrom(random: Random, medical: boolean): Name {
  const female = random.chance(0.76);
  const firsts = female ? women : men;
  const first = random.pick(firsts);
  const title = medical && random.chance(0.9) ? 'Dr.' : female ? random.pick(['Mrs.', 'Miss', 'Ms.']) : 'Mr.';
  return {
    title,
    first,
    middle: random.chance(0.45) ? random.pick(firsts) : '',
    last: familyName(random),
    preferred: random.chance(0.12) ? random.pick(firsts) : '',
    maiden: title === 'Mrs.' && random.chance(0.3) ? familyName(random) : '',
    gender: female ? 'Female' : 'Male',
  };
}

export function familyName(random: Random): string {
  return random.pick(families).replaceAll('\u00A0', ' ');
}

/** The part of a name that an e-mail address may hold: ASCII letters, lower case. */
export function mailText(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll('ß', 'ss')
    .replaceAll('ø', 'o')
    .replace(/[^a-z]/gi, '')
    .toLowerCase();
}
