/** An availability zone: its name in this account and its id in AWS's world. */
export interface Zone {
  readonly name: string;
  readonly id: string;
  /** The last letter of the name, which the catalogue offers types by. */
  readonly letter: string;
}

/** `us-west-2` → zones us-west-2a (usw2-az1), us-west-2b (usw2-az2), us-west-2c (usw2-az3). */
export function zonesOf(region: string): Zone[] {
  const [area = '', direction = '', number = ''] = region.split('-');
  const compass = direction.replace(/north|south|east|west|central/g, (word) => word.charAt(0));
  return ['a', 'b', 'c'].map((letter, index) => ({ name: `${region}${letter}`, id: `${area}${compass}${number}-az${index + 1}`, letter }));
}
