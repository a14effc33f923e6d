// The pages that say what works name, for every row, the test that proves it; this keeps those names and the counts real.
import { existsSync, readFileSync } from 'node:fs';

const STATES = ['works', 'partly', 'not yet', 'other by design'];
/** The pages, and by which letter and for how many rows each of their parts counts. */
const PAGES = {
  'docs/reference/features.md': { C: { name: 'Core', rows: 313 }, A: { name: 'AWS', rows: 132 } },
  'docs/reference/framework.md': {
    M: { name: 'Matrix', rows: 45 }, D: { name: 'Decorators', rows: 28 }, B: { name: 'Rules at boot', rows: 24 }, S: { name: 'A run', rows: 24 },
    R: { name: 'Reads, writes, context', rows: 30 }, P: { name: 'Pitfalls and layers', rows: 31 }, V: { name: 'Proof of the ideas', rows: 38 },
  },
};
const ROW = /^\|\s*([A-Z])(\d+)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*(.*?)\s*\|\s*$/;
const REFERENCE = /`([^`]+\.(?:test|slow|real)\.ts)(?: › ([^`]+))?`/g;
/** The text that a test or a group of tests is named by, in any kind of quotes; skipped ones prove nothing. */
const TITLE = /\b(?:it|describe)\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g;

/** A row of a table of tests, which begins with their name, and what makes tests of such rows. */
const [TABLE_ROW, TABLE_TEST] = [/\[\s*'((?:\\.|[^'\\])*)'\s*,/g, /\bit\(\w+,/];

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const unescaped = (text) => text.replace(/\\(.)/g, '$1');

/** Whether a file has a test or group of this name, a row of a table among them; parts that a template computes may be anything. */
export function hasTest(source, name) {
  for (const [, single, double, template] of source.matchAll(TITLE)) {
    if (template === undefined ? unescaped(single ?? double) === name : new RegExp(`^${unescaped(template).split(/\$\{.*?\}/).map(literal).join('.+')}$`).test(name)) return true;
  }
  return TABLE_TEST.test(source) && [...source.matchAll(TABLE_ROW)].some(([, title]) => unescaped(title) === name);
}

function proofProblems(root, at, proof) {
  return [...proof.matchAll(REFERENCE)].flatMap(([, file, name]) => {
    if (!existsSync(`${root}${file}`)) return [`${at} names ${file}, which does not exist`];
    return name && !hasTest(readFileSync(`${root}${file}`, 'utf8'), name) ? [`${at}: no test "${name}" in ${file}`] : [];
  });
}

function checkPage(root, page, rooms) {
  const file = `${root}${page}`;
  if (!existsSync(file)) return [`${page} is missing`];
  const text = readFileSync(file, 'utf8');
  const problems = [];
  const seen = new Map();
  text.split('\n').forEach((line, index) => {
    const row = ROW.exec(line);
    if (!row) return;
    const [, room, number, , state, proof] = row;
    const id = `${room}${number}`;
    const at = `${page}:${index + 1}: ${id}`;
    if (!(Number(number) >= 1 && Number(number) <= rooms[room]?.rows)) problems.push(`${at} is counted nowhere; see PAGES in tools/lint/features.mjs`);
    if (seen.has(id)) problems.push(`${at} appears twice`);
    const [kind, ...detail] = state.split(':');
    seen.set(id, kind);
    if (!STATES.includes(kind)) problems.push(`${at} has the state "${state}"; use ${STATES.join(', ')}`);
    if ((kind === 'partly' || kind === 'other by design') && detail.join('').trim() === '') problems.push(`${at} is "${kind}" but does not say ${kind === 'partly' ? 'what is missing' : 'why'}`);
    if (kind === 'works' && !/^`[^`]+\.test\.ts › /.test(proof)) problems.push(`${at} works but names no test`);
    problems.push(...proofProblems(root, at, proof));
  });
  for (const [room, { name, rows }] of Object.entries(rooms)) {
    for (let number = 1; number <= rows; number += 1) if (!seen.has(`${room}${number}`)) problems.push(`${page}: ${room}${number} is missing`);
    const kinds = [...seen].filter(([id]) => id.startsWith(room)).map(([, kind]) => kind);
    const summary = `| ${[name, ...STATES.map((state) => kinds.filter((kind) => kind === state).length), kinds.length].join(' | ')} |`;
    if (!text.includes(summary)) problems.push(`${page}: the summary of ${name} must be: ${summary}`);
  }
  return problems;
}

export const checkFeatures = (root) => Object.entries(PAGES).flatMap(([page, rooms]) => checkPage(root, page, rooms));
