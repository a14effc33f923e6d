import { conformance } from '../conformance/suite.js';
import { startControlPlane } from '../support/control-plane.js';
import type { ControlPlane } from '../support/control-plane.js';

/** The controllers that the embedded server has too; others would write while the suite looks. */
const CONTROLLERS = ['garbage-collector', 'namespace', 'serviceaccount', 'serviceaccount-token', 'root-ca-certificate-publisher', 'validatingadmissionpolicy-status', 'clusterrole-aggregation'];

let plane: ControlPlane;

describe('A real API server, beside what one said', () => {
  before(async () => {
    plane = await startControlPlane({ controllerManager: true, flags: { 'kube-controller-manager': [`--controllers=${CONTROLLERS.map((name) => `${name}-controller`).join()}`] } });
  });
  after(() => plane.stop());

  conformance(() => ({ url: plane.url, ca: plane.ca, token: plane.adminToken, tokenOf: (user, groups) => plane.token(user, groups) }), true);
});
