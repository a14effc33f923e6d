import type { Job } from 'kubernetes-types/batch/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { sorted } from '../validation/common.js';
import { defaultJobSpec } from './workload-defaults.js';
import { ofTemplate } from './workloads.js';

const PREFIX = 'batch.kubernetes.io/';

const asJob = (object: ApiObject): Job => object as unknown as Job;

/** Unless it brings its own selector, a job selects its pods by its uid, so that no two jobs ever share a pod. */
function generateSelector(object: ApiObject): void {
  const { spec } = asJob(object);
  const { uid, name } = object.metadata;
  if (!spec?.template || spec.manualSelector || !uid || !name) return;
  const metadata = (spec.template.metadata ??= {});
  // The unprefixed names are older, and still what `kubectl get pods -l job-name=x` asks for.
  // What was set by hand is kept, and refused if it is another's.
  metadata.labels = {
    'controller-uid': uid,
    'job-name': name,
    [`${PREFIX}controller-uid`]: uid,
    [`${PREFIX}job-name`]: name,
    ...metadata.labels,
  };
  spec.selector = { ...spec.selector, matchLabels: sorted({ [`${PREFIX}controller-uid`]: uid, ...spec.selector?.matchLabels }) };
}

/** A job without labels has those of its pods. */
function labelLikePods(object: ApiObject): void {
  const labels = asJob(object).spec?.template?.metadata?.labels;
  if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels };
}

export const jobBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: ofTemplate,
  selectableFields: fieldsAt('status.successful'),
  setDefaults(object) {
    const { spec } = asJob(object);
    if (!spec) return;
    labelLikePods(object);
    defaultJobSpec(spec);
  },
  prepareForCreate(object) {
    generateSelector(object);
    labelLikePods(object);
  },
};
