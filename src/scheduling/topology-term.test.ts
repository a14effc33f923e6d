import { expect } from 'chai';
import { spreadTerm } from './topology-term.js';

describe('the term of a topology spread constraint', () => {
  const constraint = { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' } as const;

  it('counts nodes that the pod selects whatever their taints, unless the policies say otherwise', () => {
    expect(spreadTerm(constraint, 'default', {})).to.include({ honorAffinity: true, honorTaints: false });
    expect(spreadTerm({ ...constraint, nodeAffinityPolicy: 'Ignore', nodeTaintsPolicy: 'Honor' }, 'default', {})).to.include({ honorAffinity: false, honorTaints: true });
  });

  it('counts by the current name of a label', () => {
    expect(spreadTerm({ ...constraint, topologyKey: 'failure-domain.beta.kubernetes.io/zone' }, 'default', {}).key).to.equal('topology.kubernetes.io/zone');
  });
});
