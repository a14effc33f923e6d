import type { Account } from '../account/account.js';
import { STATE_CODES, type Instance, type InstanceHealth, type InstanceState } from '../account/instance.js';
import { AwsError, invalidParameter } from '../protocol/error.js';
import type { Operation } from '../protocol/query-service.js';
import { isoTime, type XmlObject } from '../protocol/xml.js';
import { stateOf } from './describe-instances.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

/** An operation on named instances that moves each to another state. All or nothing: one unknown id leaves the others as they are. */
const transition = (move: (instance: Instance, account: Account) => InstanceState): Operation => (input, account) => {
  const ids = [...new Set(input.texts('InstanceId'))];
  if (ids.length === 0) throw new AwsError('MissingParameter', 'The request must contain the parameter InstanceId');
  const instances = ids.map((id) => account.instances.get(id));
  endDryRun(input);
  return {
    instancesSet: instances.map((instance) => {
      const previousState = stateOf(move(instance, account));
      return { instanceId: instance.id, currentState: stateOf(instance.state), previousState };
    }),
  };
};

export const TerminateInstances = transition((instance, account) => account.instances.terminate(instance));
export const StopInstances = transition((instance, account) => account.instances.stop(instance));
export const StartInstances = transition((instance, account) => account.instances.restart(instance));

const statusOf = (since: number | undefined, instance: Instance): string => {
  if (instance.state !== 'running') return 'not-applicable';
  return since === undefined ? 'ok' : 'impaired';
};

const describeStatus = (since: number | undefined, instance: Instance): XmlObject => {
  const status = statusOf(since, instance);
  const detail = { ok: 'passed', impaired: 'failed' }[status];
  return {
    status,
    details: detail === undefined ? undefined : [{
      name: 'reachability', status: detail, impairedSince: since === undefined ? undefined : isoTime(since),
    }],
  };
};

export const DescribeInstanceStatus: Operation = (input, account) => {
  endDryRun(input);
  const ids = input.texts('InstanceId');
  if (ids.length > 0 && input.has('MaxResults')) {
    throw new AwsError('InvalidParameterCombination', 'The parameter instancesSet cannot be used with the parameter maxResults');
  }
  const named = ids.length > 0 ? ids.map((id) => account.instances.get(id)) : account.instances.visible();
  const shown = named.filter((instance) => input.flag('IncludeAllInstances') === true || instance.state === 'running');
  const matching = applyFilters(input, shown, (instance) => {
    const health: InstanceHealth = instance.health;
    return attributes({
      'instance-status.status': () => statusOf(health.instanceImpairedSince, instance),
      'system-status.status': () => statusOf(health.systemImpairedSince, instance),
      'instance-status.reachability': () => (health.instanceImpairedSince === undefined ? 'passed' : 'failed'),
      'system-status.reachability': () => (health.systemImpairedSince === undefined ? 'passed' : 'failed'),
      'event.code': () => health.events.map(({ code }) => code), 'event.instance-event-id': () => health.events.map(({ id }) => id),
      'availability-zone': () => instance.subnet.zone.name, 'instance-state-name': () => instance.state,
      'instance-state-code': () => String(STATE_CODES[instance.state]),
    });
  });
  const { items, nextToken } = page(matching, input);
  return {
    instanceStatusSet: items.map((instance) => ({
      availabilityZone: instance.subnet.zone.name, availabilityZoneId: instance.subnet.zone.id, instanceId: instance.id,
      instanceState: stateOf(instance.state),
      instanceStatus: describeStatus(instance.health.instanceImpairedSince, instance),
      systemStatus: describeStatus(instance.health.systemImpairedSince, instance), attachedEbsStatus: describeStatus(undefined, instance),
      eventsSet: instance.health.events.map(({ id, code, description, notBefore, notAfter }) => ({
        instanceEventId: id, code, description, notBefore: isoTime(notBefore), notAfter: isoTime(notAfter),
      })),
    })),
    nextToken,
  };
};

const EVENT_CODES = ['instance-reboot', 'system-reboot', 'system-maintenance', 'instance-retirement', 'instance-stop'];

/** Plans an event for an instance, as AWS would, for DescribeInstanceStatus to tell. */
export function scheduleEvent(instance: Instance, code: string, account: Account): void {
  if (!EVENT_CODES.includes(code)) throw invalidParameter('code', code, `It must be one of ${EVENT_CODES.join(', ')}.`);
  const notBefore = account.clock.now() + 86_400_000;
  instance.health.events.push({
    id: `instance-event-0${account.random.uuid().replaceAll('-', '').slice(0, 16)}`, code,
    description: `The instance is scheduled for ${code}`, notBefore, notAfter: notBefore + 3_600_000,
  });
}
