#!/usr/bin/env node
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../operator/duration.js';
import { FAULTS_HELP, parseFault } from './aws-faults.js';
import { CliError } from './cli-error.js';
import type { ExplainFlags } from './explain/explain-command.js';
import { addProjectCommands } from './project-commands.js';
import type { PlanFlags } from './plan/plan-command.js';
import type { SandboxFlags } from './sandbox-command.js';
import type { ShadowFlags } from './shadow/shadow-command.js';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // A second signal does not wait.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(name));
  });
}

// What a command is made of is loaded when it is asked for: the operator, its AWS clients and the sandbox take most of a second.
const operator = ['run', 'sandbox', 'shadow', '--feature-gates'].some((command) => process.argv.includes(command)) ? await import('./operator-options.js') : undefined;

const sandbox = process.argv.includes('--controllers') ? await import('../sandbox/index.js') : undefined;

const duration = (text: string): number => {
  const length = parseDuration(text);
  if (length === undefined || length <= 0) throw new InvalidArgumentError('It must be a duration such as 120s.');
  return length;
};
const port = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('It must be a port number, 0 for any.');
  return number;
};
const factor = (text: string): number => {
  const number = Number(text);
  if (!(number > 0 && number <= 3_600)) throw new InvalidArgumentError('It must be a number above 0, at most 3600.');
  return number;
};

const featureGates = (text: string): string => {
  try {
    operator?.parseFeatureGates(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};
const times = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
};

const controllers = (text: string): SandboxFlags['controllers'] => {
  try {
    return sandbox?.chooseControllers(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};

const program = new Command('karpenter-ts')
  .description('Karpenter-compatible node autoscaling for Kubernetes on AWS, and a cluster and cloud to try it on')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const run = program.command('run').description('run the operator against the current kubeconfig and AWS');
for (const option of operator?.operatorFlags() ?? []) run.addOption(option);
run.action(async (flags: Record<string, unknown>) => (await import('./run-command.js')).runCommand(flags, stop.signal));

program
  .command('sandbox')
  .description('run an embedded cluster, an embedded AWS and the operator')
  .option('--apply <path...>', 'manifests to apply: files or folders', [])
  .addOption(new Option('--until <state>', 'end when nothing is in flight: exit 0 if all pods run, 3 if some cannot').choices(['settled']))
  .addOption(new Option('--timeout <duration>', 'how long --until waits').argParser(duration).default(120_000, '2m'))
  .option('--speed <factor>', 'how much faster than the wall clock cluster time runs', factor, 1)
  .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
  .option('--port <port>', 'port of the API server', port, 0)
  .option('--aws-port <port>', 'port of AWS', port, 0)
  .option('--metrics-port <port>', "port of the operator's /metrics", port, 8080)
  .option('--write-kubeconfig <path>', 'where to write a kubeconfig')
  .option('--data-dir <path>', "keep the cluster's objects across restarts")
  .addOption(new Option('--aws-fault <fault>', `what goes wrong in AWS, repeatable: ${FAULTS_HELP}`).argParser(parseFault))
  .option('--feature-gates <gates>', 'feature gates of the operator: Name=true,Name=false', featureGates, '')
  .option('--no-operator', 'without the operator: run it yourself')
  .option('--kubeconfig <file>', 'attach machines and AWS to the control plane of a kubeconfig, instead of embedding one')
  .option('--context <name>', 'which context of the kubeconfig; its current one unless given')
  .option('--controllers <names>', "which of the cluster's controllers run here, with --kubeconfig: auto (those that the control plane lacks), or like kube-controller-manager's: *,-name or name,name", controllers)
  .option('--boot-delay <duration>', 'how long machines take to boot; realistic times unless given', duration)
  .action(async (flags: SandboxFlags) => {
    const { sandboxCommand } = await import('./sandbox-command.js');
    process.exitCode = await sandboxCommand(flags, stop.signal);
  });

program
  .command('plan')
  .description('say where pods would run, and on which new nodes, without a cluster')
  .requiredOption('--offline <path...>', 'what to plan for: questions, manifests, or folders of manifests')
  .option('--catalogue <file>', 'instance types that can be launched, where the input does not say')
  .option('--region <region>', 'or: what AWS sells in a region, out of the built-in catalogue')
  .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
  .option('--explain <pod>', 'say of one pod, namespace/name, where it goes and why, or why nowhere')
  .option('--feature-gates <gates>', 'feature gates of the operator for manifests: Name=true,Name=false', featureGates)
  .option('--repeat <times>', 'solve so many times; the time reported is the median', times, 1)
  .action(async (flags: PlanFlags) => {
    const { planCommand } = await import('./plan/plan-command.js');
    process.exitCode = await planCommand(flags);
  });

program
  .command('explain')
  .description('say why an object is where it is: asks the operator at work, on this machine or in the cluster')
  .argument('<object...>', 'KIND/NAME, such as nodeclaim/default-x7k2p, pod/web-0 or nodepools.karpenter.sh/default; singleton/NAME for a loop of the operator')
  .option('-n, --namespace <namespace>', 'namespace of the object, for kinds that have them; default unless given')
  .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json', 'yaml']).default('text'))
  .option('--kubeconfig <file>', 'whose operator to ask; what kubectl would use unless given')
  .option('--context <name>', 'which context of the kubeconfig; its current one unless given')
  .option('--leader-election-namespace <namespace>', 'namespace of the lease, for an operator in the cluster', 'karpenter')
  .option('--leader-election-name <name>', 'name of the lease', 'karpenter-leader-election')
  .option('--debug-port <port>', 'port of the debug endpoint in the pod', port, 8000)
  .option('--token <token>', "bearer token for an operator in the cluster; the kubeconfig's unless given")
  .action(async (words: string[], flags: ExplainFlags) => {
    const { explainCommand } = await import('./explain/explain-command.js');
    await explainCommand(words, flags, (text) => process.stdout.write(text));
  });

const shadow = program
  .command('shadow')
  .description("run this version beside the one that is at work, with reads only, and say what it would do otherwise: the operator of this folder's project, outside of one Karpenter. Exit 0: nothing differs, 1: something does, 2: that could not be found out")
  .option('--kubeconfig <file>', 'the cluster; what kubectl would use unless given')
  .option('--context <name>', 'which context of the kubeconfig; its current one unless given')
  .option('--for <duration>', 'how long; until Ctrl-C unless given', duration)
  .addOption(new Option('--window <duration>', 'how long a write of one version waits for the same one of the other: longer than the loops to be compared take').argParser(duration).default(30_000, '30s'))
  .option('--manager <name...>', 'field managers of the running version, where it or its reconcilers have other names than in this one', [])
  .option('--record <file>', 'write everything that the cluster shows to a file, for --replay')
  .option('--replay <file>', "play what --record has written to this version, in virtual time and without a cluster; for a project's operator")
  .option('--role', 'print the role that it needs, and end', false)
  .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'));
for (const option of operator?.operatorFlags() ?? []) shadow.addOption(option);
shadow.action(async (flags: ShadowFlags) => {
  const { shadowCommand } = await import('./shadow/shadow-command.js');
  process.exitCode = await shadowCommand(process.cwd(), flags, (text) => process.stdout.write(text), stop.signal);
});

addProjectCommands(program, port, stop.signal);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`karpenter-ts: ${(error as Error).message}\n`);
  process.exitCode = error instanceof CliError ? error.exitCode : 1;
}
