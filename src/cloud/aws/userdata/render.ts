import type { AMIFamily } from '../../../api/ec2nodeclass.js';
import { al2UserData } from './al2.js';
import { al2023UserData } from './al2023.js';
import { bottlerocketUserData } from './bottlerocket.js';
import { windowsUserData } from './windows.js';
import type { Bootstrap } from './bootstrap.js';

/** The user data of a family, as text (karpenter-aws §2.7). Throws {@link InvalidUserData}. */
export function renderUserData(family: AMIFamily, bootstrap: Bootstrap): string {
  switch (family) {
    case 'AL2':
      return al2UserData(bootstrap);
    case 'AL2023':
      return al2023UserData(bootstrap);
    case 'Bottlerocket':
      return bottlerocketUserData(bootstrap);
    case 'Windows2019':
    case 'Windows2022':
    case 'Windows2025':
      return windowsUserData(bootstrap);
    case 'Custom':
      return bootstrap.custom;
  }
}
