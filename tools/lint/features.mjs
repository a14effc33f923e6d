// docs/reference/features.md names, for every feature that works, the test that proves it; this keeps those names real.
import { existsSync, readFileSync } from 'node:fs';

const STATES = new Set(['works', 'partly', 'not yet', 'other by design']);
const ROW = /^\|\s*([CA]\d+)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*$/;

export function checkFeatures(root) {
  const file = `${root}docs/reference/features.md`;
  if (!existsSync(file)) return ['docs/reference/features.md is missing'];
  const problems = [];
  const seen = new Set();
  readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
    const row = ROW.exec(line);
    if (!row) return;
    const [, id, , state, proof] = row;
    const at = `docs/reference/features.md:${index + 1}: ${id}`;
    if (seen.has(id)) problems.push(`${at} appears twice`);
    seen.add(id);
    if (!STATES.has(state.split(':')[0].trim())) problems.push(`${at} has the state "${state}"; use ${[...STATES].join(', ')}`);
    if (state === 'works' && !proof) problems.push(`${at} works but names no test`);
    for (const reference of proof.matchAll(/`([^`]+\.test\.ts)(?: › ([^`]+))?`/g)) {
      const path = `${root}${reference[1]}`;
      if (!existsSync(path)) problems.push(`${at} names ${reference[1]}, which does not exist`);
      else if (reference[2] && !readFileSync(path, 'utf8').includes(reference[2])) problems.push(`${at}: no test "${reference[2]}" in ${reference[1]}`);
    }
  });
  for (const [prefix, count] of [['C', 313], ['A', 132]]) {
    for (let number = 1; number <= count; number += 1) if (!seen.has(`${prefix}${number}`)) problems.push(`docs/reference/features.md: ${prefix}${number} is missing`);
  }
  return problems;
}
