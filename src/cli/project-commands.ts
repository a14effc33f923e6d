import type { Command } from 'commander';
import { Option } from 'commander';
import type { DevFlags } from './dev/dev-command.js';
import type { GraphFlags } from './graph-command.js';
import type { ManifestsFlags } from './manifests-command.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const folder = (): string => process.cwd();

/** `--namespaced=false`: whether objects of a kind are in namespaces. */
const namespaced = (): Option => new Option('--namespaced <boolean>', 'whether its objects are in namespaces').choices(['true', 'false']).default('true');

/** The commands for authors of operators: what they do is loaded when it is asked for. */
export function addProjectCommands(program: Command, port: (text: string) => number, signal: AbortSignal): void {
  const create = program.command('new').description('make an operator of your own, and add to it');

  create
    .command('operator')
    .description('make a project that builds, tests, runs against the sandbox, and deploys')
    .argument('<name>', 'of the project and its folder')
    .option('--kind <kind>', 'the kind that it is for; default: the name in CamelCase')
    .option('--no-kind', 'without a kind of its own')
    .option('--group <group>', "the kind's API group; default: the name under example.com")
    .option('--version <version>', "the kind's version", 'v1alpha1')
    .addOption(namespaced())
    .option('--force', 'write over files that are there', false)
    .action(async (name: string, { namespaced: isNamespaced, ...flags }: { kind?: string | false; group?: string; version: string; namespaced: string; force: boolean }) => {
      const { newOperator } = await import('./new/new-operator.js');
      await newOperator('', name, { ...flags, namespaced: isNamespaced === 'true' }, print);
    });

  create
    .command('kind')
    .description('add a kind, its reconciler and a test to the project of this folder')
    .argument('<kind>', 'in CamelCase')
    .option('--group <group>', 'its API group; default: that of the other kinds')
    .option('--version <version>', 'its version', 'v1alpha1')
    .addOption(namespaced())
    .option('--no-reconciler', 'without a reconciler')
    .option('--force', 'write over files that are there', false)
    .action(async (kind: string, { namespaced: isNamespaced, ...flags }: { group?: string; version: string; namespaced: string; reconciler: boolean; force: boolean }) => {
      const [{ newKind }, { requireProject }] = [await import('./new/new-kind.js'), await import('./project/project.js')];
      await newKind(await requireProject(folder()), kind, { ...flags, namespaced: isNamespaced === 'true' }, print);
    });

  create
    .command('reconciler')
    .description('add a reconciler of a kind that is there, and a test, to the project of this folder')
    .argument('<name>', 'lower-case words with dashes between them')
    .requiredOption('--for <kind>', "one of the project's kinds, or Kubernetes' or Karpenter's own")
    .option('--force', 'write over files that are there', false)
    .action(async (name: string, flags: { for: string; force: boolean }) => {
      const [{ newReconciler }, { requireProject }] = [await import('./new/new-reconciler.js'), await import('./project/project.js')];
      await newReconciler(await requireProject(folder()), name, flags, print);
    });

  program
    .command('dev')
    .description("run the project's operator in a sandbox; saving a source builds, and starts it again")
    .option('--kubeconfig <file>', 'in this cluster instead of a sandbox')
    .option('--no-operator', 'only the cluster, with the CRDs and samples of the project')
    .option('--port <port>', "port of the sandbox's API server", port, 0)
    .action(async (flags: DevFlags) => {
      const [{ devCommand }, { requireProject }] = [await import('./dev/dev-command.js'), await import('./project/project.js')];
      await devCommand(await requireProject(folder()), flags, print, signal);
    });

  program
    .command('graph')
    .description("draw the project's kinds, who watches and owns them, and the conditions that come of it; outside of a project, Karpenter's")
    .addOption(new Option('--format <format>', 'how to write it down').choices(['mermaid', 'dot', 'json']).default('mermaid'))
    .option('--feature-gates <gates>', "of Karpenter's graph: Name=true,Name=false", '')
    .action(async (flags: GraphFlags) => {
      const { graphCommand } = await import('./graph-command.js');
      await graphCommand(folder(), flags, (text) => process.stdout.write(text));
    });

  program
    .command('manifests')
    .description("write the CRDs, role, interface and chart files of the project; outside of a project, Karpenter's CRDs")
    .option('--out <directory>', "where to write Karpenter's CRDs", 'crds')
    .option('--interface <file>', "where to write the names of Karpenter's conditions and metrics")
    .option('--rbac <directory>', "where to write Karpenter's roles")
    .option('--check', 'write nothing; fail when a file is not up to date', false)
    .option('--against <version>', 'write nothing; fail on what breaks those who use a version: a git revision, a folder, or a file of --snapshot')
    .option('--allow <rule:path=reason...>', 'what --against finds and is meant', [])
    .option('--snapshot <file>', 'write all that others depend on to one file')
    .action(async (flags: ManifestsFlags) => {
      const { manifestsCommand } = await import('./manifests-command.js');
      process.exitCode = await manifestsCommand(folder(), flags, print);
    });
}
