// docs/reference/features.md names, for every feature that works, the test that proves it; this keeps those names and its counts real.
import { existsSync, readFileSync } from 'node:fs';

const STATES = ['works', 'partly', 'not yet', 'other by design'];
const ROOMS = { C: { name: 'Core', rows: 313 }, A: { name: 'AWS', rows: 132 } };
const ROW = /^\|\s*([CA])(\d+)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*$/;
const REFERENCE = /`([^`]+\.test\.ts)(?: › ([^`]+))?`/g;
/** The text that a test or a group of tests is named by, in any kind of quotes; skipped ones prove nothing. */
const TITLE = /\b(?:it|describe)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g;

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const unescaped = (text) => text.replace(/\\(.)/g, '$1');

/** Whether a file has a test or group of this name; parts that a template computes may be anything. */
export function hasTest(source, name) {
  for (const [, single, double, template] of source.matchAll(TITLE)) {
    if (template === undefined ? unescaped(single ?? double) === name : new RegExp(`^${unescaped(template).split(/\$\{.*?\}/).map(literal).join('.+')}$`).test(name)) return true;
  }
  return false;
}

function proofProblems(root, at, proof) {
  return [...proof.matchAll(REFERENCE)].flatMap(([, file, name]) => {
    if (!existsSync(`${root}${file}`)) return [`${at} names ${file}, which does not exist`];
    return name && !hasTest(readFileSync(`${root}${file}`, 'utf8'), name) ? [`${at}: no test "${name}" in ${file}`] : [];
  });
}

export function checkFeatures(root) {
  const file = `${root}docs/reference/features.md`;
  if (!existsSync(file)) return ['docs/reference/features.md is missing'];
  const text = readFileSync(file, 'utf8');
  const problems = [];
  const seen = new Map();
  text.split('\n').forEach((line, index) => {
    const row = ROW.exec(line);
    if (!row) return;
    const [, room, number, , state, proof] = row;
    const id = `${room}${number}`;
    const at = `docs/reference/features.md:${index + 1}: ${id}`;
    if (seen.has(id)) problems.push(`${at} appears twice`);
    const [kind, ...detail] = state.split(':');
    seen.set(id, kind);
    if (!STATES.includes(kind)) problems.push(`${at} has the state "${state}"; use ${STATES.join(', ')}`);
    if ((kind === 'partly' || kind === 'other by design') && detail.join('').trim() === '') problems.push(`${at} is "${kind}" but does not say ${kind === 'partly' ? 'what is missing' : 'why'}`);
    if (kind === 'works' && !/^`[^`]+\.test\.ts › /.test(proof)) problems.push(`${at} works but names no test`);
    problems.push(...proofProblems(root, at, proof));
  });
  for (const [room, { name, rows }] of Object.entries(ROOMS)) {
    for (let number = 1; number <= rows; number += 1) if (!seen.has(`${room}${number}`)) problems.push(`docs/reference/features.md: ${room}${number} is missing`);
    const kinds = [...seen].filter(([id]) => id.startsWith(room)).map(([, kind]) => kind);
    const summary = `| ${[name, ...STATES.map((state) => kinds.filter((kind) => kind === state).length), kinds.length].join(' | ')} |`;
    if (!text.includes(summary)) problems.push(`docs/reference/features.md: the summary of ${name} must be: ${summary}`);
  }
  return problems;
}
