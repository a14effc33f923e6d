import { BootFailure } from './boot-config.js';
import type { BootConfig, ImageFamily } from './boot-config.js';
import { parseBootstrapScript } from './bootstrap-script.js';
import { parseBottlerocketSettings } from './bottlerocket.js';
import { isMime, mimeParts } from './mime.js';
import type { MimePart } from './mime.js';
import { bootConfigOfNodeConfigs, parseNodeConfig } from './node-config.js';
import { parsePowershell } from './windows.js';

/** What cloud-init takes bare user data for. */
const barePart = (userData: string): MimePart => {
  const text = userData.trimStart();
  if (text.startsWith('#!')) return { contentType: 'text/x-shellscript', body: text };
  return { contentType: /\bkind["']?:\s*["']?NodeConfig/.test(text) ? 'application/node.eks.aws' : 'text/plain', body: text };
};

const partsOf = (userData: string): MimePart[] => (isMime(userData) ? mimeParts(userData) : [barePart(userData)]);

/** The family that user data is written for, where the image does not tell. */
export function sniffFamily(userData: string): ImageFamily {
  if (/<powershell>/.test(userData)) return 'Windows';
  if (partsOf(userData).some(({ contentType }) => contentType === 'application/node.eks.aws')) return 'AL2023';
  if (/^\s*\[?settings\b/m.test(userData) && !userData.trimStart().startsWith('#!')) return 'Bottlerocket';
  return 'AL2';
}

/**
 * What an image of the family does with its user data at boot. Throws {@link BootFailure} with what the console would say when
 * the machine cannot join any cluster.
 */
export function parseUserData(userData: string, family: ImageFamily): BootConfig {
  if (userData.trim() === '') throw new BootFailure('cloud-init: no user data: nothing starts the kubelet');
  switch (family) {
    case 'Bottlerocket':
      return parseBottlerocketSettings(userData);
    case 'Windows': {
      const config = parsePowershell(userData);
      if (!config) throw new BootFailure('EC2Launch: Start-EKSBootstrap.ps1 was never called');
      return config;
    }
    case 'AL2': {
      const scripts = partsOf(userData).filter(({ contentType }) => contentType === 'text/x-shellscript');
      const config = scripts.map(({ body }) => parseBootstrapScript(body)).findLast((found) => found !== undefined);
      if (!config) throw new BootFailure('cloud-init: /etc/eks/bootstrap.sh was never called: nothing starts the kubelet');
      return config;
    }
    case 'AL2023': {
      // Shell parts run too, but there is no bootstrap.sh on these images, and nodeadm does not wait for them.
      const configs = partsOf(userData).filter(({ contentType }) => contentType === 'application/node.eks.aws').map(({ body }) => parseNodeConfig(body));
      if (configs.length === 0) throw new BootFailure('nodeadm: no NodeConfig in the user data');
      return bootConfigOfNodeConfigs(configs);
    }
    default:
      family satisfies never;
      throw new BootFailure(`unknown image family ${String(family)}`);
  }
}
