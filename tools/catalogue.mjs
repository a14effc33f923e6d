// Re-encodes the instance type tables (two CSV files of one folder) into src/cloud/aws/catalogue/data.ts.
//   node tools/catalogue.mjs FOLDER
// One line a family: name, sizes, then one field a column. A field holds one value when all sizes agree, else one value a size.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tools/catalogue.mjs FOLDER   (the folder with ec2-instance-types.csv and ec2-instance-extras.csv)');
  process.exit(2);
}

function table(file) {
  const [head, ...lines] = readFileSync(join(folder, file), 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index], cell])));
}

const flag = (text) => (text === 'true' ? '1' : '0');
const mega = (giga) => (giga === '' ? '' : String(Math.round(Number(giga) * 1000)));
const initials = (list) => list.split('|').map((word) => word[0]).sort().join('');

/** The order is that of COLUMNS in src/cloud/aws/catalogue/catalogue.ts. */
const COLUMNS = [
  (row) => row.arch,
  (row) => row.cpu_manufacturer,
  (row) => row.clock_mhz,
  (row) => row.vcpus,
  (row) => row.memory_mib,
  (row) => row.on_demand_usd_per_hour,
  (row) => row.max_enis,
  (row) => row.max_enis_all_cards,
  (row) => row.network_cards,
  (row) => row.ipv4_per_eni,
  (row) => flag(row.trunking),
  (row) => row.branch_enis,
  (row) => mega(row.network_gbps),
  (row) => flag(row.network_mbps_label === '' ? 'false' : 'true'),
  (row) => mega(row.ebs_gbps),
  (row) => row.efa,
  (row) => row.ena_support[0],
  (row) => flag(row.encryption_in_transit),
  (row) => row.hypervisor,
  (row) => flag(row.burstable),
  (row) => flag(row.current_generation),
  (row) => flag(row.nitro_enclaves),
  (row) => initials(row.usage_classes),
  (row) => initials(row.placement_strategies),
  (row) => row.cpu_features,
  (row) => row.zones.split('|').map((zone) => zone.at(-1)).join(''),
  (row) => row.instance_storage_gb,
  (row) => flag(row.instance_storage_nvme === 'required' ? 'true' : 'false'),
  (row) => row.gpu_count,
  (row) => row.gpu_name,
  (row) => row.gpu_manufacturer,
  (row) => row.gpu_mem_mib,
  (row) => row['accel(neuron)_count'],
  (row) => row.neuron_name,
  (row) => row.neuron_cores,
];

const extras = new Map(table('ec2-instance-extras.csv').map((row) => [row.name, row]));
const families = new Map();
for (const row of table('ec2-instance-types.csv')) {
  const merged = { ...extras.get(row.name), ...row };
  const [family] = row.name.split('.');
  families.set(family, [...(families.get(family) ?? []), merged]);
}

const encode = (cell) => (cell === '' ? '-' : cell.replaceAll(' ', '_'));
const lines = [...families].map(([family, rows]) => {
  rows.sort((a, b) => Number(a.vcpus) - Number(b.vcpus) || Number(a.memory_mib) - Number(b.memory_mib) || (a.name < b.name ? -1 : 1));
  const fields = COLUMNS.map((column) => {
    const cells = rows.map((row) => encode(column(row)));
    return cells.every((cell) => cell === cells[0]) ? cells[0] : cells.join(' ');
  });
  return [family, rows.map((row) => row.name.slice(family.length + 1)).join(' '), ...fields].join(';');
});

const target = new URL('../src/cloud/aws/catalogue/data.ts', import.meta.url);
writeFileSync(target, `/** Written by tools/catalogue.mjs. One line a family; see there for the columns. */\nexport const FAMILIES = \`\n${lines.join('\n')}\n\`;\n`);
console.log(`${lines.length} families, ${extras.size} types`);
