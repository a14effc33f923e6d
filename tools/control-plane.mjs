// Builds what a real control plane is made of, unless KUBEBUILDER_ASSETS or the cache has it; says why when it cannot.
import { COMPONENTS, binaryOf, ensureControlPlane } from '../dist/test/support/control-plane-binaries.js';

const reason = ensureControlPlane(console.log);
if (reason) console.log(`SKIPPED: the control plane was NOT built: ${reason}`);
else for (const component of COMPONENTS) console.log(binaryOf(component));
