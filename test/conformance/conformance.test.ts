import { conformanceOfEmbedded } from './embedded.js';
import { isSlow } from './suite.js';

conformanceOfEmbedded((topic) => !isSlow(topic));
