import type { Account } from '../account/account.js';
import type { LaunchTemplate, LaunchTemplateVersion } from '../account/launch-templates.js';
import { specifiedTags, tagSet } from '../account/tags.js';
import type { Parameters } from '../protocol/parameters.js';
import type { Operation } from '../protocol/query-service.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

const creator = (account: Account): string => `arn:aws:sts::${account.id}:assumed-role/KarpenterController/sandbox`;

const describe = (template: LaunchTemplate, account: Account): XmlObject => ({
  launchTemplateId: template.id, launchTemplateName: template.name, createTime: isoTime(template.createdAt), createdBy: creator(account),
  defaultVersionNumber: template.defaultVersion, latestVersionNumber: template.versions.length, tagSet: tagSet(template.tags),
});

const named = (input: Parameters, account: Account): LaunchTemplate => account.launchTemplates.find({
  id: input.text('LaunchTemplateId'), name: input.text('LaunchTemplateName'),
});

export const CreateLaunchTemplate: Operation = (input, account) => {
  const name = input.required('LaunchTemplateName');
  const data = input.child('LaunchTemplateData');
  const tags = specifiedTags(input, 'launch-template');
  account.launchTemplates.prepare(name, data);
  endDryRun(input);
  return { launchTemplate: describe(account.launchTemplates.create(name, data, input.text('VersionDescription'), tags), account) };
};

export const CreateLaunchTemplateVersion: Operation = (input, account) => {
  const template = named(input, account);
  endDryRun(input);
  const version = account.launchTemplates.addVersion(template, input.child('LaunchTemplateData'), input.text('VersionDescription'));
  return { launchTemplateVersion: describeVersion(template, version, account) };
};

export const DeleteLaunchTemplate: Operation = (input, account) => {
  const template = named(input, account);
  endDryRun(input);
  account.launchTemplates.delete(template);
  return { launchTemplate: describe(template, account) };
};

export const DescribeLaunchTemplates: Operation = (input, account) => {
  endDryRun(input);
  const names = input.texts('LaunchTemplateName');
  const ids = input.texts('LaunchTemplateId');
  const named = [...ids.map((id) => account.launchTemplates.find({ id })), ...names.map((name) => account.launchTemplates.find({ name }))];
  const selected = names.length + ids.length > 0 ? named : account.launchTemplates.visible();
  const matching = applyFilters(input, selected, (template) => attributes({
    'launch-template-name': () => template.name, 'create-time': () => isoTime(template.createdAt),
  }, template.tags));
  const { items, nextToken } = page(matching, input, { least: 1, most: 200 });
  return { launchTemplates: items.map((template) => describe(template, account)), nextToken };
};

export const DescribeLaunchTemplateVersions: Operation = (input, account) => {
  endDryRun(input);
  const template = named(input, account);
  const wanted = input.texts('LaunchTemplateVersion');
  const versions = wanted.length > 0 ? wanted.map((version) => account.launchTemplates.version(template, version)) : template.versions;
  const { items, nextToken } = page(versions, input, { least: 1, most: 200 });
  return { launchTemplateVersionSet: items.map((version) => describeVersion(template, version, account)), nextToken };
};

/** Request lists whose response element has a name of its own. */
const RESPONSE_LISTS: Record<string, string> = {
  BlockDeviceMapping: 'blockDeviceMappingSet', NetworkInterface: 'networkInterfaceSet', TagSpecification: 'tagSpecificationSet',
  Tag: 'tagSet', LicenseSpecification: 'licenseSet',
};

const describeVersion = (template: LaunchTemplate, version: LaunchTemplateVersion, account: Account): XmlObject => ({
  launchTemplateId: template.id, launchTemplateName: template.name, versionNumber: version.number, versionDescription: version.description,
  createTime: isoTime(version.createdAt), createdBy: creator(account), defaultVersion: template.defaultVersion === version.number,
  launchTemplateData: version.data.mirror((name, isList, depth) => {
    if (isList && name === 'SecurityGroupId') return depth === 0 ? { element: 'securityGroupIdSet' } : { element: 'groupSet', item: 'groupId' };
    if (isList && RESPONSE_LISTS[name] !== undefined) return { element: RESPONSE_LISTS[name] };
    return { element: `${name.charAt(0).toLowerCase()}${name.slice(1)}` };
  }),
});
