import { expect } from 'chai';
import { configMap, TestCluster } from '../testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('Watches', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  it('begin with what exists when no resourceVersion is given', async () => {
    await cluster.ok('POST', MAPS, configMap('a'));
    const watch = await cluster.watch(`${MAPS}?watch=true`);
    await cluster.ok('POST', MAPS, configMap('b'));
    await cluster.ok('PUT', `${MAPS}/b`, configMap('b', { data: { x: '1' } }));
    await cluster.ok('DELETE', `${MAPS}/b`);
    expect(await watch.seen()).to.deep.equal(['ADDED a', 'ADDED b', 'MODIFIED b', 'DELETED b']);
    await watch.close();
  });

  it('go on after a resourceVersion, and see what was missed', async () => {
    const { metadata } = await cluster.ok('POST', MAPS, configMap('a'));
    await cluster.ok('POST', MAPS, configMap('b'));
    await cluster.ok('DELETE', `${MAPS}/a`);
    const watch = await cluster.watch(`${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    expect(await watch.seen()).to.deep.equal(['ADDED b', 'DELETED a']);
    expect(Number(watch.lines[1]!.object.metadata.resourceVersion)).to.equal(cluster.server.storage.revision);
    await watch.close();
  });

  it('add and delete what comes into and goes out of their selection', async () => {
    const watch = await cluster.watch(`${MAPS}?watch=1&labelSelector=on%3Dyes`);
    await cluster.ok('POST', MAPS, configMap('a', {}, { on: 'no' }));
    await cluster.ok('PUT', `${MAPS}/a`, configMap('a', {}, { on: 'yes' }));
    await cluster.ok('PUT', `${MAPS}/a`, configMap('a', { data: { x: '1' } }, { on: 'yes' }));
    await cluster.ok('PUT', `${MAPS}/a`, configMap('a', {}, { on: 'no' }));
    await cluster.ok('DELETE', `${MAPS}/a`);
    expect(await watch.seen()).to.deep.equal(['ADDED a', 'MODIFIED a', 'DELETED a']);
    // The last state that was selected, with the revision that took it out.
    expect(watch.lines[2]!.object.metadata.labels).to.deep.equal({ on: 'yes' });
    expect(Number(watch.lines[2]!.object.metadata.resourceVersion)).to.be.greaterThan(Number(watch.lines[1]!.object.metadata.resourceVersion));
    await watch.close();
  });

  it('mark the end of the initial events for streaming lists', async () => {
    await cluster.ok('POST', MAPS, configMap('a'));
    const watch = await cluster.watch(`${MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`);
    expect(await watch.seen()).to.deep.equal(['ADDED a', 'BOOKMARK']);
    expect(watch.lines[1]!.object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
    await watch.close();
    const { status, body } = await cluster.request('GET', `${MAPS}?watch=1&sendInitialEvents=true`);
    expect(status).to.equal(422);
    expect(body.message).to.contain('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  });

  it('send a bookmark every minute, with the revision of the whole cluster', async () => {
    const { metadata } = await cluster.ok('GET', MAPS);
    const watch = await cluster.watch(`${MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`);
    await cluster.ok('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } });
    await cluster.clock.advance(61_000);
    expect(await watch.seen()).to.deep.equal(['BOOKMARK']);
    expect(watch.lines[0]!.object).to.deep.include({ kind: 'ConfigMap', apiVersion: 'v1' });
    expect(watch.lines[0]!.object.metadata.resourceVersion).to.equal(String(cluster.server.storage.revision));
    await watch.close();
  });

  it('end after timeoutSeconds', async () => {
    const watch = await cluster.watch(`${MAPS}?watch=1&timeoutSeconds=5`);
    await cluster.clock.advance(4_000);
    expect(watch.ended).to.equal(false);
    await cluster.clock.advance(1_000);
    expect(watch.ended).to.equal(true);
    expect(watch.lines).to.deep.equal([]);
  });

  it('answer 410 for a revision that is out of the window', async () => {
    const { metadata } = await cluster.ok('POST', MAPS, configMap('a'));
    await cluster.ok('POST', MAPS, configMap('b'));
    cluster.server.storage.window('configmaps').compact(cluster.server.storage.revision);
    const watch = await cluster.watch(`${MAPS}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    expect(await watch.seen()).to.deep.equal(['ERROR 410']);
    expect(watch.lines[0]!.object).to.include({ kind: 'Status', reason: 'Expired' });
    expect(watch.ended).to.equal(true);
  });

  it('keep a bounded past: old events go, the last thousand stay', async () => {
    const first = await cluster.ok('POST', MAPS, configMap('a'));
    const put = (value: number): Promise<unknown> => cluster.ok('PUT', `${MAPS}/a`, configMap('a', { data: { value: String(value) } }));
    for (let value = 0; value < 1500; value++) await put(value);
    const early = await cluster.watch(`${MAPS}?watch=1&resourceVersion=${first.metadata.resourceVersion}`);
    expect(await early.seen()).to.have.length(1500);
    await early.close();
    await cluster.clock.advance(80_000);
    await put(-1);
    const late = await cluster.watch(`${MAPS}?watch=1&resourceVersion=${first.metadata.resourceVersion}`);
    expect(await late.seen()).to.deep.equal(['ERROR 410']);
  });

  it('watch one object by the old paths too', async () => {
    await cluster.ok('POST', MAPS, configMap('a'));
    const old = await cluster.watch('/api/v1/watch/namespaces/default/configmaps/a');
    await cluster.ok('POST', MAPS, configMap('b'));
    expect(await old.seen()).to.deep.equal(['ADDED a']);
    await old.close();
  });

  it('show tables, with their columns once', async () => {
    const watch = await cluster.watch(`${MAPS}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    await cluster.ok('POST', MAPS, configMap('a'));
    await cluster.ok('POST', MAPS, configMap('b'));
    await watch.seen();
    const tables = watch.lines.map(({ object }) => object as unknown as { kind: string; columnDefinitions: unknown[] | null; rows: { cells: unknown[] }[] });
    expect(tables.map(({ kind }) => kind)).to.deep.equal(['Table', 'Table']);
    expect(tables[0]!.columnDefinitions).to.be.an('array').that.is.not.empty;
    expect(tables[1]!.columnDefinitions).to.equal(null);
    expect(tables[1]!.rows[0]!.cells[0]).to.equal('b');
    await watch.close();
  });

  it('leave nothing behind when they are closed', async () => {
    const watch = await cluster.watch(`${MAPS}?watch=1&allowWatchBookmarks=true`);
    await watch.close();
    await cluster.clock.advance(3_600_000);
    expect(watch.ended).to.equal(true);
    expect(watch.lines).to.have.length(1);
  });
});
