import { expect } from 'chai';
import { Container } from 'inversify';
import { readFile } from 'node:fs/promises';
import { ReconcilerToken, compile, missingPermissions, permissionsOf } from 'karpenter-ts/operator';
import type { PolicyRule, ReconcilerClass } from 'karpenter-ts/operator';
import { parseAllDocuments } from 'yaml';
import { DEFAULT_SETTINGS, aws, core, observability } from './index.js';

describe('the role in config/rbac', () => {
  it('grants everything that the reconcilers declare', async () => {
    const container = new Container();
    await container.loadAsync(...core(DEFAULT_SETTINGS), ...observability(), ...aws({ queue: true }));
    const plan = compile(container.getAll<ReconcilerClass>(ReconcilerToken));
    const documents = parseAllDocuments(await readFile('config/rbac/role.yaml', 'utf8'));
    const granted = documents.flatMap((document) => (document.toJS() as { rules?: PolicyRule[] }).rules ?? []);
    const missing = missingPermissions(permissionsOf(plan), granted);
    expect(missing.map(({ verb, resource, group, why }) => `${verb} ${resource}.${group} for ${why}`)).to.deep.equal([]);
  });
});
