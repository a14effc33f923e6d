import { conformanceOfEmbedded } from './embedded.js';
import { hasKubectl } from './kubectl.js';
import { isSlow } from './suite.js';

if (hasKubectl) conformanceOfEmbedded(isSlow);
else console.log('SKIPPED: kubectl is not on the path, so NOTHING that it says was compared');
