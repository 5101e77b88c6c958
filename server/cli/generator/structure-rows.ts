import { go2Date } from './day.ts';
import type { Organisation, Place, Position } from './model.ts';
import { numberText, row, stampText } from './row.ts';
import { type TrustSettings, vpdText } from './settings.ts';

/** The row of a location: LCA, 22 fields. */
export function placeRow(place: Place): string {
  const [line1, line2, line3] = place.address;
  return row('LCA', 22, {
    2: place.id,
    3: place.code,
    4: place.description,
    5: go2Date(place.inactive),
    6: line1,
    7: line2,
    8: line3,
    9: place.town,
    11: place.postcode,
    12: 'GB',
    13: place.telephone,
    15: 'Y',
    16: place.site,
    22: stampText(go2Date(place.updated), Number(place.id)),
  });
}

/** The rows of an organisation: ORA, 16 fields, one per slice. */
export function organisationRows(organisation: Organisation): readonly string[] {
  return organisation.slices.map((slice) =>
    row('ORA', 16, {
      2: organisation.id,
      3: slice.raw,
      4: slice.type,
      5: go2Date(slice.start),
      6: go2Date(slice.end),
      7: '61',
      8: '20060401',
      9: '47121231',
      10: slice.costCentre,
      11: slice.parent ?? '',
      12: slice.nacs,
      13: organisation.location,
      14: stampText(go2Date(slice.updated), Number(organisation.id)),
      15: slice.costCentre,
    }),
  );
}

/** The rows of a position: POA, 24 fields, one per slice. */
export function positionRows(settings: TrustSettings, position: Position): readonly string[] {
  return position.slices.map(({ post, ...slice }) =>
    row('POA', 24, {
      2: position.id,
      3: go2Date(slice.start),
      4: slice.end === null && position.index % 5 === 0 ? '47121231' : go2Date(slice.end),
      5: post.number,
      6: `${post.number}|${post.title}|${post.occupation}|${post.areaOfWork}`,
      7: numberText(slice.budget),
      8: '3020',
      9: post.group,
      10: post.role,
      11: post.occupation,
      12: post.payscale,
      13: `${post.payscale}|0`,
      14: 'Not Applicable',
      15: post.organisation,
      16: slice.hiring,
      17: 'NONE',
      22: settings.ods,
      23: stampText(go2Date(slice.updated), position.index),
      24: `${post.title} subjective`,
    }),
  );
}

/** LOV rows: the VPD's NACS code (kept), and look-ups that nobody needs (dropped). 13 fields. */
export function lookUpRows(settings: TrustSettings): readonly string[] {
  const vpd = vpdText(settings);
  const code = `${vpd}-${settings.ods}`;
  const stamp = stampText(go2Date(settings.today - 400), 5);
  const line = (name: string, key: string, meaning: string) =>
    row('LOV', 13, { 2: 'LKUP', 3: name, 4: key, 5: meaning, 10: 'Y', 13: stamp });
  return [
    line('NHS_NACS_CODE', code, `${code} RIVERSIDE NHS FOUNDATION TRUST`),
    line('TITLE', 'MR.', 'Mr.'),
    line('ABSENCE_REASON', 'S10', 'S10 Anxiety/stress/depression'),
  ];
}
