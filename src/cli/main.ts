#!/usr/bin/env node
import { Command } from 'commander';
import { manifests } from './manifests.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('karpenter-ts').description('Karpenter-compatible node autoscaling, and a cluster and cloud to try it on');

program
  .command('manifests')
  .description('write the CustomResourceDefinitions')
  .option('--out <directory>', 'where to write', 'crds')
  .option('--check', 'write nothing; fail when a file is not up to date', false)
  .action(async ({ out, check }: { out: string; check: boolean }) => {
    process.exitCode = await manifests({ out, check, log: print });
  });

await program.parseAsync();
